"""Eight threads of compiled loops on shared structures, with locks, queues, conditions, thread-local data."""

import collections
import itertools
import queue
import threading

THREADS = 8
lock, table, items, counter = threading.Lock(), {}, [], itertools.count()


class Account:
    def __init__(self):
        self.balance, self.lock = 0, threading.Lock()

    def add(self, amount):
        with self.lock:
            self.balance += amount


account, local, totals = Account(), threading.local(), collections.Counter()


def shares(n, me):
    local.sum = 0
    for i in range(n):
        account.add(i)
        local.sum += i
        with lock:
            table[i % 100] = table.get(i % 100, 0) + 1
            totals[me] += 1
        items.append(i)
        next(counter)
    results.append(local.sum)


def each(function, *args):
    failures = []

    def guarded(me):
        try:
            function(*args, me)
        except BaseException as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=guarded, args=(me,)) for me in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


results = []
print(
    each(shares, 3000),
    account.balance,
    sum(table.values()),
    len(items),
    next(counter),
    set(results),
    sorted(totals.items()),
)

jobs, done = queue.Queue(), queue.Queue()


def worker(me):
    while (job := jobs.get()) is not None:
        done.put(sum(x * x for x in range(job)))


for n in range(400):
    jobs.put(n)
for _ in range(THREADS):
    jobs.put(None)
print(each(worker), sum(done.get() for _ in range(400)))


def turns(n, me):
    """One after the other."""
    global turn
    for _ in range(n):
        with condition:
            while turn % THREADS != me:
                condition.wait()
            order.append(me)
            turn += 1
            condition.notify_all()


turn, order, condition = 0, [], threading.Condition()
print(each(turns, 60), order == list(range(THREADS)) * 60)


class Changing:
    value = 0

    def get(self):
        return self.value


def readers_and_a_writer(n, me):
    thing = Changing()
    for i in range(n):
        if me == 0 and i % 50 == 0:
            Changing.value = i
            Changing.get = (lambda self: self.value) if i % 100 else (lambda self: int(self.value))
        got = thing.get()
        if got % 50:
            raise ValueError(got)


print(each(readers_and_a_writer, 4000))


def one_generator(shared, me):
    got = rounds = 0
    # A thread that is switched from while it runs the generator keeps the others out.
    while rounds < 300 or not got:
        rounds += 1
        try:
            next(shared)
            got += 1
        except ValueError as error:
            if str(error) != "generator already executing":
                raise
    seen.append(got)


def values():
    while True:
        yield sum(range(50))


seen = []
print(each(one_generator, values()), all(seen))


def recursion(n, me):
    def deep(k):
        return 0 if k == 0 else 1 + deep(k - 1)

    for _ in range(n):
        if deep(300) != 300:
            raise ValueError
        try:
            deep(10**6)
        except RecursionError:
            continue


print(each(recursion, 3))
