"""Classes with a `__new__` of their own, named tuples, calls of classes with keywords, and who is called by these."""

import sys
import traceback
from abc import ABC, abstractmethod
from collections import namedtuple
from enum import Enum
from fractions import Fraction
from sys import _getframe
from typing import NamedTuple

ROUNDS = 60
log = []


class Plain:
    def __new__(cls, a, b=2, *rest, **named):
        made = super().__new__(cls)
        made.state = (a, b, rest, named)
        return made


class Cached:
    known = {}

    def __new__(cls, key):
        if key not in cls.known:
            cls.known[key] = object.__new__(cls)
        return cls.known[key]


class Both:
    def __new__(cls, *args):
        log.append(("new", args))
        return super().__new__(cls)

    def __init__(self, *args):
        log.append(("init", args))
        self.args = args


class Other:
    """Makes something else."""

    def __new__(cls, value):
        return [cls.__name__, value]


class Sub(Plain):
    pass


class SubInit(Plain):
    def __init__(self, a, b=3):
        self.more = a, b


class Slots:
    __slots__ = ("x",)

    def __new__(cls, x):
        self = object.__new__(cls)
        self.x = x
        return self


class Whole(int):
    def __new__(cls, value):
        return super().__new__(cls, value + 1)


class Text(str):
    def __new__(cls, value, extra=None):
        self = super().__new__(cls, value)
        self.extra = extra
        return self


class Failing(Exception):
    def __new__(cls, *args):
        return super().__new__(cls, *args)


class Shape(ABC):
    def __new__(cls, *args):
        return super().__new__(cls)

    @abstractmethod
    def area(self): ...


class Square(Shape):
    def area(self):
        return 4


class Meta(type):
    def __call__(cls, *args):
        log.append(("meta", args))
        return super().__call__(*args)


class ByMeta(metaclass=Meta):
    def __new__(cls, x):
        self = super().__new__(cls)
        self.x = x
        return self


class Bad:
    def __new__(cls, a):
        raise ValueError(a)


class Base:
    """Its `__new__` gives an instance of a subclass, whose `__init__` is called then."""

    def __new__(cls, *args):
        return object.__new__(Derived)


class Derived(Base):
    def __init__(self, *args):
        self.args = args


class Class:
    @classmethod
    def __new__(cls, *args):
        return args


class Pair(NamedTuple):
    left: int
    right: int = 5

    def swapped(self):
        return Pair(self.right, self.left)


Point = namedtuple("Point", "x y z", defaults=(0,))


class Vector(Point):
    __slots__ = ()

    def __new__(cls, x, y):
        return super().__new__(cls, x, y, x + y)


class Colour(Enum):
    RED = 1
    BLUE = 2


class Keywords:
    def __init__(self, a, /, b, c=3, *, d=4, e):
        self.values = a, b, c, d, e


class Simple:
    def __init__(self, x, y=2):
        self.x, self.y = x, y


class Any:
    def __init__(self, *args, **named):
        self.all = args, named


class WrongInit:
    def __init__(self, x):
        return x


class Late:
    def __init__(self, x):
        self.x = x


def attempt(function, *args, **named):
    try:
        made = function(*args, **named)
    except Exception as error:
        return type(error).__name__, str(error), len(traceback.extract_tb(error.__traceback__))
    return (
        type(made).__name__,
        getattr(made, "__dict__", None),
        tuple(made) if isinstance(made, tuple) else made if isinstance(made, (list, int, str)) else None,
    )


def calls():
    yield attempt(lambda: Plain(1))
    yield attempt(lambda: Plain(1, 2, 3, d=4))
    yield attempt(lambda: Plain())
    yield attempt(lambda: Plain(1, a=2))
    yield Cached(1) is Cached(1), Cached(2) is Cached(3)
    yield attempt(lambda: Cached())
    yield attempt(lambda: Both(1, 2))
    yield attempt(lambda: Other(7))
    yield attempt(lambda: Sub(5))
    yield attempt(lambda: SubInit(5))
    yield attempt(lambda: SubInit(5, 6, 7))
    yield attempt(lambda: Slots(9)), Slots(9).x
    yield attempt(lambda: Whole(41))
    yield attempt(lambda: Text("a", extra=3))
    yield attempt(lambda: Failing(1, 2))
    yield attempt(lambda: Shape())
    yield attempt(lambda: Square(1))
    yield attempt(lambda: ByMeta(3))
    yield attempt(lambda: Bad(3))
    yield attempt(lambda: Class(3))
    yield attempt(lambda: Base(3, 4)), attempt(lambda: Base())
    yield (
        attempt(lambda: Pair(1)),
        Pair(1).swapped(),
        Pair(left=3, right=4),
        Pair(1)._replace(right=9),
        Pair._make([3, 4]),
    )
    yield attempt(lambda: Pair())
    yield attempt(lambda: Point(1, 2)), Point(y=1, x=2), Vector(3, 4), attempt(lambda: Vector(1)), hash(Vector(1, 2))
    yield attempt(lambda: tuple.__new__(Pair, (1, 2, 3))), attempt(lambda: tuple.__new__(Pair, [1, 2]))
    yield (
        attempt(lambda: tuple.__new__(Plain, ())),
        attempt(lambda: tuple.__new__(int, ())),
        attempt(lambda: tuple.__new__()),
    )
    yield (
        attempt(lambda: tuple.__new__(tuple, (1, 2))),
        attempt(lambda: object.__new__(Pair)),
        attempt(lambda: object.__new__(int)),
    )
    yield (
        attempt(lambda: object.__new__(5)),
        attempt(lambda: object.__new__(Plain, 5)),
        attempt(lambda: object.__new__(Shape)),
    )
    yield (
        attempt(lambda: object.__new__(Keywords, 5)),
        attempt(lambda: object.__new__(Keywords)),
        attempt(lambda: int.__new__(int, "7")),
    )
    yield attempt(lambda: Colour(1).name), attempt(lambda: Colour(3))
    yield (
        attempt(lambda: Fraction(1, 3) + Fraction(2, 6)),
        str(Fraction("1/3") * 6),
        Fraction(numerator=3, denominator=9),
    )
    yield (
        attempt(lambda: Keywords(1, b=2, e=5)),
        attempt(lambda: Keywords(1, 2, e=5)),
        attempt(lambda: Keywords(1, 2, d=1)),
    )
    yield (
        attempt(lambda: Keywords(a=1, b=2, e=5)),
        attempt(lambda: Keywords(1, 2, b=2, e=5)),
        attempt(lambda: Keywords(1, 2, 3, e=5, f=6)),
    )
    yield (
        attempt(lambda: Simple(x=1)),
        attempt(lambda: Simple(1, y=3)),
        attempt(lambda: Simple(y=3)),
        attempt(lambda: Simple(1, x=3)),
    )
    yield attempt(lambda: Any(1, x=3)), attempt(lambda: WrongInit(x=3)), attempt(lambda: WrongInit(x=None))
    yield attempt(lambda: Late(x=4)), attempt(Late, 5), attempt(Simple, y=2, x=1), attempt(Plain, *(1, 2), **{"z": 3})


first = list(calls()), list(log)
for _ in range(ROUNDS):
    log.clear()
    again = list(calls()), list(log)
    assert again == first, (again, first)
print(*first, sep="\n")


# Classes that change.
def make():
    return attempt(lambda: Late(x=4)), attempt(lambda: Sub(5)), attempt(lambda: Pair(1, 2))


for _ in range(ROUNDS):
    make()
Late.__init__ = lambda self, x, y=7: setattr(self, "seen", (x, y))
Sub.__new__ = lambda cls, a: object.__new__(cls)
print(make())
Sub.__new__ = staticmethod(lambda cls, a: Plain.__new__(cls, a, "static"))
Late.__new__ = lambda cls, *args, **named: object.__new__(cls)
print(make())
del Sub.__new__, Late.__new__
Sub.__init__ = lambda self, *args: log.append("Sub.__init__")
log.clear()
print(make(), log)


class Nested:
    def __new__(cls, depth):
        self = super().__new__(cls)
        self.inner = Nested(depth - 1) if depth else None
        return self


def deep(count):
    try:
        Nested(count)
    except RecursionError as error:
        return str(error)
    return "fine"


for _ in range(ROUNDS):
    Nested(20)
print(deep(100), deep(100_000))


class Counted:
    alive = 0

    def __new__(cls, fail):
        self = super().__new__(cls)
        Counted.alive += 1
        if fail:
            raise KeyError
        return self

    def __del__(self):
        Counted.alive -= 1


for number in range(ROUNDS):
    attempt(Counted, number % 2)
print(Counted.alive, sys.getrefcount(Counted) == sys.getrefcount(Counted))


# In hot loops: what `__new__` gives, of whatever class, whose `__init__` is next; classes and functions that change meanwhile.

Pair = namedtuple("Pair", "x y", defaults=[7])


class Triple(Pair):
    __slots__ = ()

    def __new__(cls, x, y=1):
        return super().__new__(cls, x + 1, y)


class Once(ABC):
    made = None

    def __new__(cls, *args):
        if cls.made is None:
            cls.made = object.__new__(cls)
        return cls.made


class Giving:
    def __new__(cls, what):
        return what if isinstance(what, (int, Giving)) else object.__new__(what or cls)


class Initialised(Giving):
    def __init__(self, what):
        calls.append(what)


class Failing(Giving):
    def __init__(self, what):
        raise ValueError(what)


calls = []


def in_a_loop(rounds, kinds):
    total, kind, found = 0, None, None
    for index in range(rounds):
        kind = kinds[index % len(kinds)]
        found = Giving(kind)
        total += found if isinstance(found, int) else len(type(found).__name__)
    return total, type(found).__name__, len(calls)


print(in_a_loop(400, [None]), in_a_loop(400, [5, None]), in_a_loop(400, [None] * 399 + [Initialised]))
print(in_a_loop(400, [Initialised, None]), in_a_loop(400, [Initialised(None)]))
try:
    in_a_loop(400, [None] * 399 + [Failing])
except ValueError as error:
    print("failed", error.args[0].__name__)


def tuples(rounds):
    total = 0
    for index in range(rounds):
        total += Pair(index).y + Pair(index, 2).x + Triple(index).x + Triple(index, y=3).y + (Once() is Once(index))
    return (
        total,
        type(Triple(1)).__name__,
        Fraction(3, rounds) * Fraction(rounds, 9) + sum(Fraction(i, 7) for i in range(rounds)),
    )


print(tuples(400))


def new_ones(rounds):
    found = []
    for index in range(rounds):
        if index == rounds - 4:
            Giving.__new__ = lambda cls, what: ("another", what)
        if index == rounds - 2:
            Giving.__init__ = lambda self, what: setattr(self, "what", what)
            Giving.__new__ = lambda cls, what: object.__new__(cls)
        found.append(Giving(index))
    return [getattr(it, "what", it) for it in found[-5:]]


print(new_ones(400))


class Looking:
    def __new__(cls, depth):
        frame = _getframe()
        return frame.f_code.co_name, frame.f_back.f_code.co_name, frame.f_locals["depth"]


def looks(rounds):
    for index in range(rounds):
        found = Looking(index)
    return found


def refuses(rounds):
    for index in range(rounds):
        try:
            Looking(index, 1)
        except TypeError as error:
            text = str(error)
    return text


print(looks(400), refuses(400))
