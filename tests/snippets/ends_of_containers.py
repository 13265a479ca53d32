"""Containers and objects of C code that end in hot loops, with something in them whose end is noticed, or nothing."""

import functools
import itertools
import re
import sys
import weakref


class Noticed:
    """Its end looks at the frame that it happens in."""

    log = []

    def __init__(self, tag):
        self.tag = tag

    def __del__(self):
        Noticed.log.append((self.tag, sys._getframe(1).f_locals.get("count")))


def dicts(n):
    count = 0
    table = {"a": 1, "b": "two", "c": None}
    for i in range(n):
        count = i
        table.copy()
        table | {"d": i}
        if i % 40 == 39:
            {**table, "end": Noticed(("dict", i))}
            {Noticed(("key", i)): 1}
    return count


def sets(n):
    count = 0
    names = {"a", "b", "c"}
    for i in range(n):
        count = i
        names & {"a", i}
        names | {i}
        if i % 40 == 39:
            {Noticed(("set", i)), 1}
            frozenset([Noticed(("frozenset", i))])
            held = {1, 2}
            weakref.finalize(held, lambda k: Noticed.log.append(("finalize", k)), i).atexit = False
            held = None
    return count


def lists(n):
    count = 0
    many = list(range(60))
    for i in range(n):
        count = i
        many.copy()
        many + many
        if i % 40 == 39:
            [*many, Noticed(("list", i))]
            many[:1] + [Noticed(("added", i))]
    return count


def of_modules(n):
    count = 0
    pattern = re.compile("(a+)(b*)")
    for i in range(n):
        count = i
        pattern.match("aab").end()
        for _, group in itertools.groupby("aab"):
            next(group)
        functools.partial(max, i)(1)
        if i % 40 == 39:
            functools.partial(lambda a: 1, Noticed(("partial", i)))()
            itertools.repeat(Noticed(("repeat", i)), 2)
            itertools.chain([Noticed(("chain", i))], [1])
    return count


class Partial(functools.partial):
    """A class in Python of one in C."""

    def __del__(self):
        Noticed.log.append(("subclass", sys._getframe(1).f_locals.get("count")))


def subclasses(n):
    count = 0
    for i in range(n):
        count = i
        Partial(max, i)(3)
    return count


for work, n in ((dicts, 400), (sets, 400), (lists, 400), (of_modules, 400), (subclasses, 200)):
    for _ in range(3):
        print(work.__name__, work(n), len(Noticed.log))
    print(Noticed.log[:4], Noticed.log[-4:], sum(tag[1] if isinstance(tag, tuple) else 0 for tag, _ in Noticed.log))
    Noticed.log.clear()
