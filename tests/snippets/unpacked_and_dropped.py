"""Tuples and lists end where a hot loop takes them apart: what they held lives on, and what ends later still sees the frames."""

import gc
import sys

gc.disable()
seen = []


class Looker:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        f_locals = sys._getframe(1).f_locals
        seen.append((self.name, f_locals.get("i"), type(f_locals.get("a")).__name__))


def pairs(n):
    for i in range(n):
        yield Looker(i), i


def take_apart(n):
    total = 0
    for i, (a, b) in enumerate(pairs(n)):
        total += b
    return total


def three(n):
    total = 0
    for i in range(n):
        a, b, c = made(i)
        total += b + len(c)
    return total, sys.getrefcount(a) - sys.getrefcount(object())


def made(i):
    return tuple([Looker(i), i, [i]])


def one_object_twice(n):
    same = 0
    for i in range(n):
        value = [i]
        a, b = tuple([value, value])
        same += a is b
    return same, sys.getrefcount(value)


def lists(n):
    total = 0
    for i in range(n):
        a, b, c = list((Looker(i), i, "x"))
        total += b
    return total


def kept(n):
    """The tuple lives on."""
    last = None
    for i in range(n):
        pair = tuple([[i], i])
        a, b = pair
        last = pair
    return last, sys.getrefcount(a), sys.getrefcount(pair)


def in_values(n):
    """Tuples that need not be made."""
    x, y = [1], [2]
    for i in range(n):
        x, y = y, x
        a, b = x, (i, y)
        c, d = b
    return x, y, a, c, d, sys.getrefcount(x)


def wrong_size(n):
    a = b = None
    try:
        for i in range(n):
            a, b = tuple(range(2 if i < n - 2 else 3))
    except ValueError as error:
        return str(error), i, a, b


def nested(n):
    total = 0
    for i in range(n):
        (a, b), c = tuple([tuple([Looker(i), i]), i])
        total += b + c
    return total


def items_of_dicts(n):
    total = 0
    for i in range(n):
        for a, b in {i: Looker(i), -i: [i]}.items():
            total += a
    return total


for function in (take_apart, three, one_object_twice, lists, kept, in_values, wrong_size, nested, items_of_dicts):
    print(function.__name__, function(300))
    print(len(seen), seen[:5], seen[-5:])
    seen.clear()
