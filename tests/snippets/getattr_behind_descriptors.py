"""Descriptors in Python of classes with a `__getattr__`, reached by names that vary; attributes in dicts; instances of classes derived from tuple."""

import gc
import sys
from collections import namedtuple
from typing import NamedTuple

ROUNDS = 80


class Field:
    def __init__(self, default):
        self.default = default

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        value = instance.values.get(self.name, self.default)
        if value == "raise":
            raise AttributeError(f"no {self.name}")
        if value == "wrong":
            raise ValueError(self.name)
        if value == "become":
            instance.__class__ = Other
            raise AttributeError("became")
        return value

    def __set__(self, instance, value):
        instance.values[self.name] = value


class Model:
    title = Field("untitled")
    pages = Field(1)

    def __init__(self, **values):
        self.values = values

    def __getattr__(self, name):
        if name.startswith("no_"):
            raise AttributeError(name + " again")
        return "asked for " + name


class Other(Model):
    def __getattr__(self, name):
        return "other: " + name

    @property
    def late(self):
        raise AttributeError("late")


class Plain:
    title = Field("plain")

    def __init__(self, **values):
        self.values = values


def by_name(objects, names):
    found = []
    for thing in objects:
        for name in names:
            try:
                found.append(getattr(thing, name))
            except (AttributeError, ValueError) as error:
                found.append((type(error).__name__, str(error)))
            try:
                found.append(getattr(thing, name, "default"))
            except ValueError as error:
                found.append(str(error))
            try:
                found.append(hasattr(thing, name))
            except ValueError as error:
                found.append(repr(error))
    return found


def by_attribute(objects):
    found = []
    for thing in objects:
        for _ in range(2):
            try:
                found.append((thing.title, thing.pages))
            except (AttributeError, ValueError) as error:
                found.append(repr(error))
    return found


def models():
    return [
        Model(),
        Model(title="a", pages=2),
        Model(title="raise"),
        Other(title="raise", pages="raise"),
        Model(title="wrong"),
        Model(title="become"),
        Plain(title="raise"),
        Plain(),
        Plain(title=7),
    ]


class InDict:
    kind = "of the class"

    def __init__(self, number):
        self.__dict__ = {"number": number, "name": str(number)} if number % 2 else {"name": "even", 3: 4, "number": -1}
        if number % 5 == 0:
            self.kind = "own"

    def method(self):
        return self.number


def in_dicts(things):
    total = 0
    kinds = set()
    for thing in things:
        total += thing.number + thing.method()
        kinds.add(thing.kind)
        try:
            kinds.add(thing.missing)
        except AttributeError as error:
            kinds.add(str(error))
    return total, sorted(kinds)


class Entry(NamedTuple):
    name: str
    size: int = 0
    parts: list = []

    def double(self):
        return Entry(self.name * 2, self.size * 2)


Row = namedtuple("Row", "a b c")
log = []


class Noted:
    def __init__(self, number):
        self.number = number

    def __del__(self):
        log.append(self.number)


class WithDict(tuple):
    pass


class Final(tuple):
    __slots__ = ()

    def __del__(self):
        log.append(("final", len(self)))


def tuples():
    found = []
    for number in range(ROUNDS):
        entry = Entry(f"e{number}", number)
        entry = entry.double()._replace(parts=[number])
        row = Row(number, entry, None)
        made = Row._make(iter([row.b.size, row.a, entry.name]))
        first, *rest = made
        found.append((first, rest, row.b.parts, made._asdict()))
        try:
            Row._make(number)
        except TypeError as error:
            found.append(str(error))
        try:
            Row._make(range(number % 5))
        except TypeError as error:
            found.append(str(error))
    return found[0], found[-3:], len(found)


def ends():
    del log[:]
    for number in range(ROUNDS):
        row = Row(Noted(number), Noted(-number), (Noted(number * 1000),))
        weak = WithDict((row, 1))
        weak.kept = Noted(number + 0.5)
        final = Final((number,) * (number % 3))
        del row, weak, final
    return log[:10], log[-4:], len(log)


def cycles():
    items = []
    row = Row(items, 1, 2)
    items.append(row)
    items.append(Noted("cycle"))
    del row, items
    gc.collect()
    return log[-1], gc.is_tracked(Row(1, 2, 3)), sys.getsizeof(Row(1, 2, 3)) == sys.getsizeof(Entry("a"))


def main():
    names = ["title", "pages", "values", "other", "no_such", "late", "ti" + "tle"]
    for _ in range(ROUNDS):
        found = by_name(models(), names)
    print([entry if not isinstance(entry, dict) else sorted(entry) for entry in found])
    for _ in range(ROUNDS):
        found = by_attribute(models())
    print(found)
    Model.__getattr__ = lambda self, name: "new: " + name
    print(by_attribute(models())[:8], by_name(models()[2:4], names))
    del Model.__getattr__
    print(by_attribute(models())[:8], by_name(models()[2:4], names))
    for _ in range(ROUNDS):
        found = in_dicts([InDict(number) for number in range(12)])
    print(found)
    for _ in range(3):
        found = tuples(), ends(), cycles()
    print(found)


main()
