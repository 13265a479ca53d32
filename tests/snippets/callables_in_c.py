"""Classes that C code makes the instances of, and objects of types written in C, called with and without success."""

import sys
from abc import ABCMeta
from collections import OrderedDict, defaultdict, deque
from decimal import Decimal
from functools import partial
from operator import itemgetter, methodcaller


class Sums(partial):
    """Says itself how it is called, over what C code says."""

    def __call__(self, *args):
        return "Sums", super().__call__(*args)


class Picks(partial):
    """Is called as C code says, until it is told otherwise."""


class Meta(ABCMeta):
    def __call__(cls, *args):
        return "Meta", super().__call__(*args)


class Made(metaclass=Meta):
    def __init__(self, x):
        self.x = x

    def __repr__(self):
        return f"Made({self.x})"


class Abstract(metaclass=ABCMeta):
    def __repr__(self):
        return "Abstract"


class Queue(deque):
    def __init__(self, *items):
        super().__init__(items)
        self.given = len(items)


class Ends:
    """Tells when it ends, and fails when it is asked for what a class in C wants of it."""

    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("end of", self.name)

    def __index__(self):
        raise ValueError(self.name)

    def __iter__(self):
        raise KeyError(self.name)


def call(f, *given):
    for _ in range(60):
        if len(given) == 0:
            result = f()
        elif len(given) == 1:
            result = f(given[0])
        else:
            result = f(given[0], given[1])
    return result


def call_late(f, change):
    for round in range(80):
        if round == 60:
            change()
        result = f(3)
    return result


def fail(f, name):
    for _ in range(30):
        try:
            f(Ends(name))
        except Exception as error:
            result = repr(error)
    return result


def counts(f, *given):
    before = [sys.getrefcount(x) for x in (f, *given)]
    call(f, *given)
    return [sys.getrefcount(x) - b for x, b in zip((f, *given), before)]


add = [1, 2, 3].__add__
row = (1, "two", 3.0)
for f, given in [
    (object, ()),
    (deque, ()),
    (deque, (row,)),
    (deque, (row, 2)),
    (OrderedDict, ()),
    (defaultdict, (list,)),
    (Decimal, ("1.50",)),
    (Decimal, (7,)),
    (bytearray, (3,)),
    (frozenset, (row,)),
    (dict, ([("a", 1)],)),
    (slice, (1, 2)),
    (itemgetter(1), (row,)),
    (itemgetter(2, 0), (row,)),
    (methodcaller("count", 1), ([1, 1],)),
    (partial(divmod, 7), (2,)),
    (Sums(divmod, 7), (2,)),
    (Picks(divmod, 7), (2,)),
    (Made, (1,)),
    (Abstract, ()),
    (Queue, (1, 2)),
    (type, (row,)),
    (add, ([4],)),
]:
    shown = repr(call(f, *given))
    print(shown if f is not object else type(call(f)), counts(f, *given))

for f in (bytearray, deque, itemgetter(5), partial(divmod, 7), OrderedDict, Made, object, range, Decimal):
    print(fail(f, getattr(f, "__name__", type(f).__name__)))

print(call_late(Picks(divmod, 7), lambda: setattr(Picks, "__call__", lambda self, x: ("told", x))))
