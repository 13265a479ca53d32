"""Descriptors in Python, setters of properties and `__getattr__` in hot loops: errors, frames, lifetimes, and classes that change meanwhile."""

import sys
import traceback
from enum import Enum
from functools import cached_property

ROUNDS = 400


class Field:
    def __init__(self, default=None):
        self.default = default

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return instance.values.get(self.name, self.default)

    def __set__(self, instance, value):
        if value is None:
            raise ValueError(f"{self.name} of {type(instance).__name__} is required")
        instance.values[self.name] = value


class Model:
    number = Field(3)
    text = Field("none")

    def __init__(self):
        self.values = {}
        self._level = 0

    @property
    def level(self):
        return self._level

    @level.setter
    def level(self, value):
        if value < 0:
            raise ValueError("below")
        self._level = value


class Other(Model):
    number = Field(7)


def shown(work, *args):
    try:
        return work(*args)
    except Exception:
        return traceback.format_exc().replace(__file__, "this file")


def loads(model, rounds):
    total = 0
    for _ in range(rounds):
        total += model.number
    return total


def stores(model, rounds, last):
    for index in range(rounds):
        model.number = index
    model.number = last
    return model.number


def sets(model, rounds, step):
    for index in range(rounds):
        model.level = 300 + index * step
    return model.level


model = Model()
print(loads(model, ROUNDS), stores(model, ROUNDS, 5), loads(model, ROUNDS), loads(Other(), ROUNDS))
print(sets(model, ROUNDS, 1), shown(sets, model, ROUNDS, -1), model.level)


def fails(model, values):
    for value in values:
        model.number = value


print(shown(fails, Model(), [1] * ROUNDS + [None]))
print(Model.number is vars(Model)["number"])


# Both kinds of objects at one place, and objects of neither.
class Plain:
    number = 11


def mixed(objects, rounds):
    total = 0
    for index in range(rounds):
        total += objects[index % len(objects)].number
    return total


print(mixed([Model(), Other(), Plain()], ROUNDS), mixed([Plain(), Other()], ROUNDS))


# The descriptor, its class, and the class of the instances change in the midst of a loop.
def changing(model, rounds, at, change):
    found = []
    for index in range(rounds):
        if index == at:
            change()
        value = model.number
        if not found or found[-1] != value:
            found.append(value)
    return found


def other_get():
    Field.__get__ = lambda self, instance, owner=None: (self.name, type(instance).__name__, owner.__name__)


original = Field.__get__
print(changing(Model(), ROUNDS, ROUNDS - 50, other_get))
Field.__get__ = original


def other_field():
    Model.number = 5


field = vars(Model)["number"]
print(changing(Model(), ROUNDS, ROUNDS - 50, other_field))
Model.number = field


class Constant:
    def __get__(self, instance, owner):
        return 9


class Settable(Constant):
    def __set__(self, instance, value):
        pass


class Held:
    number = Constant()


held = Held()


def own_value():
    held.number = 4


def becomes_data():
    vars(Held)["number"].__class__ = Settable


print(changing(held, ROUNDS, ROUNDS - 50, own_value), changing(held, ROUNDS, ROUNDS - 50, becomes_data))
print(changing(Held(), ROUNDS, ROUNDS - 50, lambda: None))


# A `__set__` that comes later makes a data descriptor of it.
class Late:
    number = Constant()


late = Late()
late.__dict__["number"] = 2


def add_set():
    Constant.__set__ = lambda self, instance, value: None


print(changing(late, ROUNDS, ROUNDS - 50, add_set))
del Constant.__set__


# Results and arguments live as long as they do in C code.
class Tracked:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        log.append(self.name)


class Dropping:
    def __get__(self, instance, owner):
        log.append(instance.name)
        instance = None
        log.append("dropped")
        return owner.__name__

    def __set__(self, instance, value):
        instance = value = None
        log.append("stored")
        return Tracked("result")


Tracked.taken = Dropping()
log = []


def drops(rounds):
    for index in range(rounds):
        log.clear()
        kind = Tracked(index).taken
        Tracked(-index).taken = Tracked("value")
    return kind, log


print(drops(ROUNDS))


# Frames: what functions see that ask who called them.
class Asking:
    def __get__(self, instance, owner):
        frame = sys._getframe()
        return (
            frame.f_code.co_name,
            frame.f_back.f_code.co_name,
            frame.f_back.f_lineno - frame.f_back.f_code.co_firstlineno,
        )

    def __set__(self, instance, value):
        value.append(sys._getframe().f_back.f_code.co_name)


class Asked:
    who = Asking()


def asks(rounds):
    asked, seen = Asked(), []
    for _ in range(rounds):
        found = asked.who
    asked.who = seen
    return found, seen


print(asks(ROUNDS))


# `__getattr__`.
class Proxy:
    def __init__(self, target):
        self.target = target

    def __getattr__(self, name):
        if name == "missing":
            raise AttributeError(f"no {name}", name=name, obj=self)
        return getattr(self.target, name)


def through(proxy, rounds):
    total = 0
    for _ in range(rounds):
        total += proxy.real + proxy.target
    return total


def without(proxy, rounds):
    missed = 0
    for _ in range(rounds):
        try:
            proxy.missing
        except AttributeError as error:
            missed += error.obj is proxy
    return missed


print(through(Proxy(5), ROUNDS), without(Proxy(5), ROUNDS))
print(shown(lambda proxy: [proxy.real for _ in range(ROUNDS)] + [proxy.missing], Proxy(1))[-120:])
proxy = Proxy(6)


def sets_real(proxy, rounds, at):
    found = []
    for index in range(rounds):
        if index == at:
            proxy.real = "own"
        found.append(proxy.real)
    del proxy.real
    found.append(proxy.real)
    return found[at - 1 : at + 1], found[-1]


print(sets_real(Proxy(6), ROUNDS, 300), sets_real(Proxy(6), ROUNDS, 301))


class Slotted:
    __slots__ = ("x",)

    def __getattr__(self, name):
        return len(name)


def slotted(rounds):
    total, slot = 0, Slotted()
    for index in range(rounds):
        total += slot.x + slot.yy
        if index == rounds - 10:
            slot.x = 100
    return total


print(slotted(ROUNDS))


# The standard library's.
class Lazy:
    @cached_property
    def value(self):
        made.append(1)
        return 5


class Color(Enum):
    RED = 1
    BLUE = 2

    @property
    def double(self):
        return self.value * 2


made = []


def lazies(rounds):
    total, lazy = 0, Lazy()
    for _ in range(rounds):
        total += lazy.value + Lazy().value
    return total, len(made)


def colors(rounds):
    total = 0
    for index in range(rounds):
        color = Color.RED if index & 1 else Color.BLUE
        total += color.value + color.double + len(color.name)
    return total


print(lazies(ROUNDS), colors(ROUNDS))


# A recursion without end through descriptors ends at the limit.
class Endless:
    def __get__(self, instance, owner):
        return instance.again


class Deep:
    again = Endless()


def depth(rounds):
    for _ in range(rounds):
        try:
            Deep().again
        except RecursionError as error:
            kind = type(error).__name__
    return kind


print(depth(5))
