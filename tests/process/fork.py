"""`os.fork` in the middle of compiled code: both sides go on, compile more, change classes, and don't disturb each other."""

import os
import sys
import threading

sys.setswitchinterval(0.001)


class Thing:
    kind = "before"

    def method(self, x):
        return self.kind, x


def work(n):
    total = 0
    for i in range(n):
        total += i * 3 % 7
    return total


def in_child(function, *args):
    """What a function returns in a child, as text."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reader)
            os.write(writer, repr(function(*args)).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    parts = []
    while part := os.read(reader, 65536):
        parts.append(part)
    os.close(reader)
    return b"".join(parts).decode(), os.waitpid(child, 0)[1]


def fresh(k):
    """A function that is new, and hot."""
    space = {}
    exec(f"def f(x):\n    total = {k}\n    for i in range(800): total += i + x\n    return total", space)
    return [space["f"](x) for x in range(60)][-1]


def child_side(k):
    thing = Thing()
    Thing.kind = f"child {k}"
    return work(1000), fresh(k), [thing.method(i) for i in range(60)][-1], grandchild(k)


def grandchild(k):
    return in_child(fresh, k + 1)


def in_the_loop(n):
    """The fork is in a hot loop."""
    results, total = [], 0
    for i in range(n):
        total += i
        if i % (n // 4) == n // 8:
            results.append(in_child(lambda: (total, i, work(i), fresh(i))))
    return results, total


def values(n):
    for i in range(n):
        yield i if i != n // 2 else in_child(lambda: [i, sum(values_left)])


thing = Thing()
for i in range(100):
    work(30)
    thing.method(i)
for k in range(6):
    print(in_child(child_side, k), thing.method(k), fresh(k + 1000), work(2000))
print(in_the_loop(2000))
values_left = (x for x in range(5))
print(list(values(30)))


def beside_threads():
    """Other threads are in compiled loops when the fork happens; the child has none of them."""
    stop, counts = [], []

    def spins():
        i = 0
        while not stop:
            i += 1
            Thing().method(i)
        counts.append(i)

    threads = [threading.Thread(target=spins) for _ in range(3)]
    for thread in threads:
        thread.start()
    results = [in_child(lambda k=k: (fresh(k), threading.active_count(), work(5000))) for k in range(8)]
    stop.append(1)
    for thread in threads:
        thread.join()
    return results, all(counts)


import warnings

warnings.simplefilter("ignore", DeprecationWarning)
print(beside_threads())
print(in_child(lambda: in_child(lambda: in_child(fresh, 3))))
