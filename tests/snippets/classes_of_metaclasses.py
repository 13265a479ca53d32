"""Instances of classes whose class is not `type`: abstract bases, protocols, and metaclasses that call their classes in their own way, or come to do so."""

import sys
import traceback
from abc import ABC, ABCMeta, abstractmethod
from typing import Generic, Protocol, TypeVar

ROUNDS = 400
T = TypeVar("T")


class Shape(ABC):
    def __init__(self, name, sides=3, *, color="red"):
        self.name = name
        self.sides = sides
        self.color = color

    @abstractmethod
    def area(self): ...


class Square(Shape):
    def __init__(self, side):
        super().__init__("square", 4)
        self.side = side

    def area(self):
        return self.side * self.side


class Named(Shape):
    def area(self):
        return self.sides


class Many(ABC):
    def __init__(self, *args, **kwargs):
        self.args = args
        self.kwargs = kwargs


class Slots(metaclass=ABCMeta):
    __slots__ = ("a", "b")

    def __init__(self, a, b=2):
        self.a = a
        self.b = b


class Sized(Protocol):
    def size(self): ...


class Real(Sized):
    def __init__(self, n):
        self.n = n

    def size(self):
        return self.n


class Box(ABC, Generic[T]):
    def __init__(self, value: T):
        self.value = value


def shapes():
    total = 0
    for i in range(ROUNDS):
        total += Square(i).area()
        named = Named(f"n{i}", i, color="blue")
        total += named.area() + len(named.name) + len(named.color)
        total += Named("x", sides=i).sides + Named(color="c", name="y").sides
        many = Many(i, 2, a=i)
        total += many.args[0] + many.kwargs["a"]
        slots = Slots(i, b=i)
        total += slots.a + slots.b + Slots(1).b
        total += Real(i).size() + Box(i).value
    return total


def mistakes():
    found = []
    for i in range(ROUNDS):
        call = i % 7
        try:
            if call == 0:
                Square()
            elif call == 1:
                Named(1, 2, 3)
            elif call == 2:
                Named("a", shape=1)
            elif call == 3:
                Shape("a")
            elif call == 4:
                Named("a", name="b")
            elif call == 5:
                Slots(1, 2, 3)
            else:
                Sized()
        except TypeError as error:
            if i >= ROUNDS - 7:
                found.append((str(error), len(traceback.extract_tb(error.__traceback__))))
    return found


class Odd(ABC):
    def __init__(self, i):
        self.i = i
        if i == 333:
            return 5
        if i == 334:
            raise KeyError(i)


def odd():
    found = []
    for i in range(ROUNDS):
        try:
            Odd(i)
        except (TypeError, KeyError) as error:
            found.append((repr(error), [entry.name for entry in traceback.extract_tb(error.__traceback__)]))
    return found


class Looks(ABC):
    def __init__(self, i):
        frame = sys._getframe()
        self.seen = (frame.f_code.co_name, frame.f_back.f_code.co_name, frame.f_back.f_locals["i"], i)


def looks():
    return [Looks(i).seen for i in range(ROUNDS)][-2:]


class Ends(ABC):
    ended = 0

    def __init__(self, fails):
        if fails:
            raise ValueError

    def __del__(self):
        Ends.ended += 1


def ends():
    for i in range(ROUNDS):
        try:
            Ends(i % 3 == 0)
        except ValueError:
            pass
    return Ends.ended


class Counting(type):
    calls = 0

    def __call__(cls, *args):
        Counting.calls += 1
        return super().__call__(*args)


class Counted(metaclass=Counting):
    def __init__(self, i):
        self.i = i


class Later(type):
    pass


class OfLater(metaclass=Later):
    def __init__(self, i):
        self.i = i


def calls():
    total = 0
    for i in range(ROUNDS):
        total += Counted(i).i
        made = OfLater(i)
        total += made.i if isinstance(made, OfLater) else -made
        if i == 300:
            Later.__call__ = lambda cls, i: i * 1000
        if i == 350:
            del Later.__call__
    return total, Counting.calls


class Tree(ABC):
    def __init__(self, depth):
        self.child = Tree(depth - 1) if depth else None


def deepest():
    """How deep constructors go, and that it is the same each time."""
    low, high = 10, 2000
    while low < high:
        middle = (low + high + 1) // 2
        try:
            Tree(middle)
            low = middle
        except RecursionError:
            high = middle - 1
    return low


class Replaced(ABC):
    def __init__(self, i):
        self.i = i


def replaced():
    total = 0
    for i in range(ROUNDS):
        total += Replaced(i).i
        if i == 200:

            def init(self, i):
                self.i = 2 * i

            Replaced.__init__ = init
        if i == 300:
            Replaced.__new__ = lambda cls, i: object.__new__(cls)
    return total


class Metas(type):
    """A class that makes classes is called with three arguments."""

    def __init__(cls, name, bases, members):
        super().__init__(name, bases, members)
        cls.made = name


def metas():
    return sum(len(Metas(f"C{i}", (), {}).made) for i in range(ROUNDS))


print(shapes())
print(mistakes())
print(odd())
print(looks())
print(ends())
print(calls())
print(deepest(), deepest())
print(replaced())
print(metas())
