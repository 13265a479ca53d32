"""100,000 levels after `sys.setrecursionlimit`: compiled, interpreted, alternating, through methods, properties and generators."""

import sys
import threading

import whipsnake

sys.setrecursionlimit(200_000)
DEEP = 100_000


def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)


@whipsnake.never
def interpreted(n):
    return 0 if n == 0 else 1 + interpreted(n - 1)


def one(n):
    return 0 if n == 0 else 1 + other(n - 1)


@whipsnake.never
def other(n):
    return 0 if n == 0 else 1 + one(n - 1)


class Thing:
    def __init__(self, n):
        self.n = n

    def method(self, n):
        return 0 if n == 0 else 1 + self.method(n - 1)

    def starred(self, *args, n):
        return 0 if n == 0 else 1 + self.starred(*args, n=n - 1)


class Chain:
    def __init__(self, n):
        self.next = Chain(n - 1) if n else None


def closure(n):
    def inner():
        return closure(n - 1)

    return 0 if n == 0 else 1 + inner()


def fails(n):
    if n == 0:
        raise ValueError("bottom")
    return fails(n - 1) + 1


def fails_alternating(n):
    if n == 0:
        raise ValueError("bottom")
    return fails_interpreted(n - 1) + 1


@whipsnake.never
def fails_interpreted(n):
    if n == 0:
        raise ValueError("bottom")
    return fails_alternating(n - 1) + 1


def traced(function):
    try:
        function(DEEP)
    except ValueError as error:
        count, trace = 0, error.__traceback__
        while trace:
            count, trace = count + 1, trace.tb_next
        return count
    return None


def generator(n):
    if n:
        yield from generator(n - 1)
    yield n


def finalized(n):
    """Locals that die on the way up."""
    held = [n]
    return held if n == 0 else finalized(n - 1) + held[1:]


def unlimited(n):
    return unlimited(n + 1)


def everything():
    for function in (deep, interpreted, one, closure, Thing(0).method):
        print(getattr(function, "__qualname__", function), [function(DEEP) for _ in range(2)])
    print(Thing(0).starred(1, 2, n=DEEP // 2), len(finalized(DEEP)))
    chain, length = Chain(20_000), 0
    while chain:
        # Not by the deallocator, which has a limit of its own.
        chain, length = chain.next, length + 1
    print("chain", length)
    print(traced(fails), traced(fails_alternating))
    print(sum(generator(1500)))
    try:
        unlimited(0)
    except RecursionError as error:
        print(error)


for n in range(60):
    deep(3), interpreted(3), one(3), closure(3), Thing(0).method(3), fails
everything()
threading.stack_size(64 << 20)
thread = threading.Thread(target=everything)
thread.start()
thread.join()
