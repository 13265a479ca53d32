"""Classes with a `__new__` in Python and no `__init__`: what comes of their calls, whatever `__new__` gives, takes or raises, and who lives how long."""

import sys
from collections import namedtuple
from typing import NamedTuple


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("end of", self.name)


Pair = namedtuple("Pair", "left right", defaults=[7])


class Typed(NamedTuple):
    key: str
    number: int = 3


class Derived(Pair):
    __slots__ = ()

    def sum(self):
        return self.left + self.right


class Counted:
    made = 0

    def __new__(cls, *args, **names):
        cls.made = cls.made + 1
        self = super().__new__(cls)
        self.args, self.names = args, sorted(names.items())
        return self


class Cached:
    known = {}

    def __new__(cls, key):
        found = cls.known.get(key)
        if found is None:
            found = cls.known[key] = object.__new__(cls)
            found.key = key
        return found


class Other:
    def __new__(cls, value):
        return value


class Base:
    def __new__(cls, kind, *rest, **names):
        return object.__new__(Special if kind else cls)


class Special(Base):
    def __init__(self, kind, *rest, **names):
        print("init", kind, rest, sorted(names))
        if rest == ("fails",):
            raise ValueError("init")


class Late:
    def __new__(cls, number):
        if number == 60:
            Late.__init__ = lambda self, number: print("late", number)
        if number == 70:
            del Late.__init__
        return object.__new__(cls)


class Raising:
    def __new__(cls, number):
        if number % 7 == 0:
            raise KeyError(number)
        return object.__new__(cls)


class Dropping:
    def __new__(cls, noisy):
        del noisy
        print("still there")
        return object.__new__(cls)


class Meta(type):
    asked = 0

    def __getattribute__(cls, name):
        if name == "__new__":
            Meta.asked += 1
        return type.__getattribute__(cls, name)


class Asked(metaclass=Meta):
    def __new__(cls, number):
        return object.__new__(cls)


def tuples(i):
    return (
        Pair(i, 2), Pair(i), Pair(right=i, left=1), Typed("k"), Typed(key="m", number=i), Derived(i, 3).sum(),
        Pair(*(i, 4)), Pair._make([i, i]), Pair(i, 1)._replace(left=0), type(Derived(1)).__name__,
    )  # fmt: skip


def others(i):
    counted = Counted(i, 2, name=i)
    cached = Cached(i % 3)
    late = Late(i)
    return counted.args, counted.names, cached.key, cached is Cached(i % 3), Other(i), Other("x"), type(late).__name__


def failing(i):
    said = []
    for call in (lambda: Raising(i), lambda: Pair(), lambda: Pair(1, 2, 3), lambda: Pair(1, up=2), lambda: Cached()):
        try:
            said.append(type(call()).__name__)
        except Exception as error:
            said.append(repr(error))
    return said


def derived(i):
    made = [Base(0), Base(i % 2, i), Base(i % 2, i, more=i)]
    try:
        Base(1, "fails")
    except ValueError as error:
        made.append(error)
    return [type(one).__name__ for one in made]


def deep(level):
    """Recursion through `__new__`."""

    class Nested:
        def __new__(cls, left):
            return Nested(left - 1) if left else "bottom"

    return Nested(level)


for i in range(90):
    results = tuples(i), others(i), failing(i)
    if i % 10 == 0:
        print(*results)
for i in range(40):
    kinds = derived(i)
    if i % 8 == 0:
        print(kinds)
for i in range(40):
    Dropping(Noisy(i))
    Asked(i)
print(Counted.made, Meta.asked, deep(50), sys.getrefcount(Cached.known[1]), sys.getrefcount(Pair) < 60)
