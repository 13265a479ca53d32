"""`__setattr__` and `__getattribute__` in Python, and the methods of `object` that they end with, in hot loops."""

import traceback
from dataclasses import FrozenInstanceError, dataclass

ROUNDS = 400


def shown(work, *args):
    try:
        return work(*args)
    except Exception:
        return traceback.format_exc().replace(__file__, "this file")


class Counting:
    stores = 0

    def __setattr__(self, name, value):
        Counting.stores += 1
        if value == 399.5:
            raise ValueError(name)
        object.__setattr__(self, name, value)


class Deriving(Counting):
    def __setattr__(self, name, value):
        super().__setattr__(name + "_", value)


class Slotted:
    __slots__ = ("x",)

    def __setattr__(self, name, value):
        object.__setattr__(self, name, -value)


def stores(objects, rounds, add):
    for index in range(rounds):
        objects[index % len(objects)].x = index + add
    return [vars(it) if hasattr(it, "__dict__") else it.x for it in objects]


print(stores([Counting()], ROUNDS, 0), stores([Deriving()], ROUNDS, 0), stores([Slotted()], ROUNDS, 0), Counting.stores)
print(stores([Counting(), Slotted(), Deriving()], ROUNDS, 0), shown(stores, [Counting()], ROUNDS, 0.5))


def changing(it, rounds):
    def instead(self, name, value):
        seen.append(value)

    seen, original = [], Counting.__setattr__
    for index in range(rounds):
        if index == rounds - 2:
            Counting.__setattr__ = instead
        it.x = index
    Counting.__setattr__ = original
    return it.x, seen


print(changing(Counting(), ROUNDS))


# What `object.__setattr__` does not do.
class Mapping(dict):
    pass


class Meta(type):
    pass


class Of(metaclass=Meta):
    pass


def tries(work, *args):
    for _ in range(ROUNDS):
        try:
            found = work(*args)
        except (TypeError, AttributeError) as error:
            found = f"{type(error).__name__}: {error}"
    return found


print(tries(lambda: object.__setattr__(Of, "x", 1)), tries(lambda: object.__setattr__(int, "x", 1)))
print(tries(lambda: object.__setattr__(Mapping(), "x", 1)), tries(lambda: object.__setattr__(1, "x", 1)))
print(tries(lambda: object.__setattr__(Counting(), 1, 1)), tries(lambda: object.__setattr__(Counting(), "x")))
print(tries(lambda: object.__setattr__()), tries(lambda: object.__getattribute__(Of, "mro").__name__))
print(tries(lambda: object.__getattribute__(Counting(), "missing")), tries(lambda: object.__getattribute__(1, 1)))
print(tries(lambda: object.__getattribute__([1], "__len__")()))


class Guarded:
    def __init__(self):
        self.x = 3

    def __getattribute__(self, name):
        if name == "secret":
            raise AttributeError("hidden")
        if name == "other":
            return 5
        return object.__getattribute__(self, name)

    def method(self, add):
        return self.x + add


def loads(it, rounds):
    total = 0
    for _ in range(rounds):
        total += it.x + it.other + it.method(1)
    return total


def hidden(it, rounds):
    for _ in range(rounds):
        try:
            it.secret
        except AttributeError as error:
            text = str(error)
    return text


print(loads(Guarded(), ROUNDS), hidden(Guarded(), ROUNDS))


def falls_back(it, rounds):
    found = []
    for index in range(rounds):
        if index == rounds - 2:
            Guarded.__getattr__ = lambda self, name: name.upper()
        try:
            found.append(it.secret)
        except AttributeError as error:
            found.append(str(error))
    del Guarded.__getattr__
    return found[-3:]


print(falls_back(Guarded(), ROUNDS))


@dataclass(frozen=True)
class Point:
    x: int
    y: float = 0.5


def frozen(rounds):
    total, points = 0, {}
    for index in range(rounds):
        point = Point(index)
        points[point] = index
        total += point.x + point.y + points[Point(index, 0.5)] + (point == Point(index))
        try:
            point.x = 5
        except FrozenInstanceError as error:
            text = str(error)
    return total, text, len(points)


print(frozen(ROUNDS))
