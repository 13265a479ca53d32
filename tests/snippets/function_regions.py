"""Functions that are called often, and what they do when something unusual comes: recursion, other types, errors, tools, threads."""

import gc
import sys
import threading
import traceback

gc.disable()


def often(f, *args, times=400):
    result = None
    for _ in range(times):
        result = f(*args)
    return result


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


print(often(fib, 9, times=30), fib(14))
print(fib(7.0), fib(True))
try:
    fib("a")
except TypeError:
    print([frame.name for frame in traceback.extract_tb(sys.exc_info()[2])])


# A recursion that ends at the limit, at a known depth, and can be handled.
def depth(n):
    try:
        return depth(n + 1)
    except RecursionError:
        return n


def down(n):
    return 0 if n == 0 else 1 + down(n - 1)


def fails_below(n):
    if n == 0:
        raise ValueError("bottom")
    return fails_below(n - 1) + 1


often(down, 20)
sys.setrecursionlimit(300)
reached = []


def at_limit(n):
    reached.append(n)
    return at_limit(n + 1) + 1


def limit():
    reached.clear()
    try:
        at_limit(0)
    except RecursionError as error:
        return reached[-1], str(error)[:32], len(traceback.extract_tb(error.__traceback__))


print({limit() for _ in range(20)})
sys.setrecursionlimit(20000)
print(down(15000), down(500))
sys.setrecursionlimit(1000)
often(lambda: down(30))


def bottom():
    try:
        fails_below(8)
    except ValueError as error:
        return [(f.name, f.lineno) for f in traceback.extract_tb(error.__traceback__)]


print(often(bottom, times=100))


# Who is there while a callee runs.
class Tree:
    def __init__(self, left, right, value):
        self.left, self.right, self.value = left, right, value

    def total(self):
        total = self.value
        if self.left is not None:
            total += self.left.total()
        if self.right is not None:
            total += self.right.total()
        return total


class Loud(Tree):
    def total(self):
        frame = sys._getframe(1)
        local = {k: v for k, v in frame.f_locals.items() if k == "total"}
        return self.value, frame.f_code.co_name, local


def tree(n):
    return None if n == 0 else Tree(tree(n - 1), tree(n - 1), n)


big = tree(5)
print(often(big.total, times=100))
big.left.left = Loud(None, None, 100)
try:
    print(big.total())
except TypeError as error:
    print(error, [f.lineno for f in traceback.extract_tb(error.__traceback__)])
big.left.left = None
print(big.total())
big.left.value = 2.5
print(big.total())
big.left.value = None
try:
    big.total()
except TypeError as error:
    print(error)
del big.left.value
try:
    big.total()
except AttributeError as error:
    print(error)


# Finalizers at the end of a frame see the caller.
class Final:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        seen.append((self.name, frame.f_code.co_name))


seen = []


def makes(n):
    a = Final("a")
    b = Final("b")
    c = (a, b) if n else None
    b = n
    return c if n > 5 else b


def calls_makes(n):
    x = makes(n)
    return x


often(calls_makes, 1)
seen.clear()
print(calls_makes(1), seen)
seen.clear()
calls_makes(0)
print(seen)
seen.clear()
kept = calls_makes(6)
print(seen)
del kept
print(seen)


# The arguments are the callee's, also if it changes them.
def changes(a, b, c=3):
    a = b
    b = c
    del c
    return a, b


print(often(changes, 1, 2), changes(Final("gone"), 5), seen[-1])


def unbound(n):
    if n:
        x = n
    return x


print(often(unbound, 1))
try:
    unbound(0)
except UnboundLocalError as error:
    print(error)


# Frames that outlive the call keep the locals.
def keeps(n):
    local = n * 2.5
    other = n + 1
    if n > 300:
        frames.append(sys._getframe())
    return local + other


frames = []
for n in range(400):
    keeps(n)
print(frames[-1].f_locals["local"], frames[-1].f_locals["other"], frames[-1].f_locals["n"])
frames.clear()


# Functions that are redefined, get other code or other defaults.
def helper(x):
    return x + 1


def uses(x):
    return helper(x) * 2


print(often(uses, 4))


def helper(x):  # noqa: F811
    return x - 1


print(uses(4))


def other(x, y=7):
    return x * y


helper.__code__ = other.__code__
try:
    uses(4)
except TypeError as error:
    print(error)
helper.__defaults__ = (9,)
print(uses(4), often(uses, 4))
uses.__code__ = other.__code__
uses.__defaults__ = (1,)
print(uses(4), often(uses, 4))


# Closures, cells, generators, keyword arguments, collected arguments.
def outer(k):
    def inner(x):
        return x + k

    def counter():
        nonlocal k
        k += 1
        return k

    return inner, counter


inner, counter = outer(10)
print(often(inner, 5), often(counter), inner(5))


def generates(n):
    yield from range(n)


def consumes(n):
    total = 0
    for x in generates(n):
        total += x
    return total + sum(x * 2 for x in generates(n))


print(often(consumes, 6))


def collected(a, *args, k=1, **kw):
    return a, args, k, sorted(kw)


print(often(collected, 1, 2, 3), collected(1, k=2, z=3), often(lambda: collected(1, *[4, 5], y=6)))


def by_name(n):
    return changes(b=n, a=n + 1)


print(often(by_name, 3))


# Exceptions and handlers.
def careful(x):
    try:
        return 10 // x
    except ZeroDivisionError:
        return "zero"
    finally:
        done.append(x)


done = []
print(often(careful, 3), often(careful, 0), len(done), done[-1])


def raises_through(x):
    with_loop = 0
    for i in range(x):
        with_loop += careful(i - 2) if i != 2 else 1
    return with_loop


print(often(raises_through, 5))


# Loops inside, with returns from them.
def search(items, wanted):
    for index, item in enumerate(items):
        if item == wanted:
            return index
    return None


def search_range(n, wanted):
    for i in range(n):
        if i * i == wanted:
            return i
    return -1


things = list("abcdefgh")
print(often(search, things, "f"), search(things, "z"), often(search_range, 20, 81), search_range(5, 100))


# Types that change for good.
def add(a, b):
    c = a + b
    return c + a


print(often(add, 1, 2), often(add, 1.5, 2), often(add, "a", "b"), often(add, [1], [2]), add(2**70, 5))
print([add(x, x) for x in (1, 2.5, "s", (1,), [2])] == [3, 7.5, "sss", (1, 1, 1), [2, 2, 2]])


# Tools that are switched on in the middle.
events = []


def tracer(frame, event, arg):
    if frame.f_code.co_name in ("traced", "leaf"):
        events.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
    return tracer


def leaf(n):
    if n == switch:
        sys.settrace(tracer)
    return n + 1


def traced(n):
    a = leaf(n)
    b = leaf(a + 10)
    return a + b


switch = -1
often(traced, 1)
switch = 5
print(traced(5))
print(traced(6))
sys.settrace(None)
print(events)
events.clear()
switch = -1
print(often(traced, 5), events)

monitoring = sys.monitoring
monitoring.use_tool_id(3, "test")
monitoring.register_callback(3, monitoring.events.PY_START, lambda code, offset: events.append(code.co_name))


def watch(n):
    if n == 7:
        monitoring.set_events(3, monitoring.events.PY_START)
    return n


def watched(n):
    return watch(n) + fib(3)


often(watched, 1)
watched(7)
monitoring.set_events(3, 0)
monitoring.free_tool_id(3)
print(events)
events.clear()
often(watched, 1)
print(events)


# Threads, with small stacks too.
def works(out):
    out.append((fib(12), down(200), big_sum(30)))


def big_sum(n):
    return n if n < 2 else big_sum(n - 1) + n


often(big_sum, 20)
out = []
threading.stack_size(256 * 1024)
threads = [threading.Thread(target=works, args=(out,)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
threading.stack_size(0)
print(out)


def pending(n):
    return n if n == 0 else pending(n - 1)


def interrupts():
    import signal

    hits = []
    signal.signal(signal.SIGUSR1, lambda *_: hits.append(1))
    for _ in range(50):
        signal.raise_signal(signal.SIGUSR1)
        pending(5)
    return len(hits)


print(interrupts())


# A number that memory holds on both ways to where they meet.
class Tokens:
    def __init__(self, text):
        self.text, self.index, self.next = text, 1000, None

    def advance(self):
        index = self.index
        try:
            char = self.text[index - 1000]
        except IndexError:
            self.next = None
            return
        if char == "\\":
            index += 1
            char += self.text[index - 1000]
        self.index = index + 1
        self.next = char


def tokens(text):
    stream = Tokens(text)
    found = []
    while True:
        stream.advance()
        if stream.next is None:
            return found
        found.append(stream.next)


print(often(tokens, r"a\b\\c" * 3, times=60))
