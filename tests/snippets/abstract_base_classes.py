"""`isinstance` with abstract base classes: answers that change as classes are registered, hooks that count, rules that are replaced."""

import abc
import collections.abc
import numbers
from abc import ABC, ABCMeta, abstractmethod

ROUNDS = 60


class Shape(ABC):
    @abstractmethod
    def area(self): ...


class Square(Shape):
    def area(self):
        return 1


class Other:
    pass


def ask(objects, classes, rounds=ROUNDS):
    answers = []
    for _ in range(rounds):
        for thing in objects:
            for class_ in classes:
                answers.append(isinstance(thing, class_))
    return sum(answers), answers[-len(objects) * len(classes) :]


THINGS = [Square(), Other(), {}, [], (), "text", 1, 2.5, None, len, Shape]
ABCS = [
    Shape,
    collections.abc.Mapping,
    collections.abc.Sequence,
    collections.abc.MutableSequence,
    collections.abc.Callable,
    collections.abc.Hashable,
    numbers.Number,
    (Shape, collections.abc.Mapping),
    (int, Shape, str),
    (collections.abc.Mapping, (Shape, list)),
]
print(ask(THINGS, ABCS))

# A class that is registered: what was denied is true now.
print(ask([Other()], [Shape, (Shape, dict)]))
Shape.register(Other)
print(ask([Other()], [Shape, (Shape, dict)]))


class Late:
    pass


def one(thing, class_):
    return isinstance(thing, class_)


for i in range(ROUNDS):
    if i == 40:
        collections.abc.Sequence.register(Late)
    answer = one(Late(), collections.abc.Sequence)
    if i in (0, 39, 40, 59):
        print(i, answer, one(Late(), collections.abc.Collection))

# A hook that is asked only while no answer is stored.
asked = []


class Hooked(ABC):
    @classmethod
    def __subclasshook__(cls, other):
        asked.append(other.__name__)
        if other is Square:
            return True
        return NotImplemented


Hooked.register(float)
print(ask([Square(), 1.5, 1], [Hooked]), len(asked), asked[:6])
Hooked._abc_caches_clear()
print(ask([Square(), 1], [Hooked], 30), len(asked))
Hooked._abc_registry_clear()
print(ask([1.5], [Hooked], 30), len(asked))


# A plain class whose attributes, and so its version, change.
class Sized:
    pass


for i in range(ROUNDS):
    if i == 30:
        Sized.__len__ = lambda self: 3
    one(Sized(), collections.abc.Sized)
print(one(Sized(), collections.abc.Sized))


class NowSized:
    def __len__(self):
        return 1


print([one(NowSized(), collections.abc.Sized) for _ in range(40)].count(True))


# What an object says its class is.
class Liar:
    @property
    def __class__(self):
        return dict


print(ask([Liar()], [collections.abc.Mapping, Shape]))


# Bases that change.
class Base:
    pass


class Derived(Base):
    pass


print(ask([Derived()], [Shape], 40))
Derived.__bases__ = (Other,)
print(ask([Derived()], [Shape], 40))


# Metaclasses with rules of their own.
class Counting(ABCMeta):
    calls = 0

    def __instancecheck__(cls, instance):
        Counting.calls += 1
        return super().__instancecheck__(instance)


class Subclassing(ABCMeta):
    def __subclasscheck__(cls, subclass):
        Counting.calls += 1
        return subclass is int


class A(metaclass=Counting):
    pass


class B(metaclass=Subclassing):
    pass


print(ask([1, A(), B()], [A, B]), Counting.calls)


# Classes that come and go.
def fresh(k):
    class Fresh(Shape if k % 2 else Other):
        def area(self):
            return k

    return Fresh()


print(
    sum(isinstance(fresh(k), Shape) for k in range(80)),
    sum(isinstance(fresh(k), collections.abc.Mapping) for k in range(80)),
)

# Functions of `abc` that are replaced.
plain = abc._abc_instancecheck


def noisy(cls, instance):
    asked.append("noisy")
    return plain(cls, instance)


del asked[:]
for i in range(ROUNDS):
    if i == 30:
        abc._abc_instancecheck = noisy
    if i == 50:
        abc._abc_instancecheck = plain
    one({}, collections.abc.Mapping)
print(len(asked))
check = ABCMeta.__instancecheck__
for i in range(ROUNDS):
    if i == 30:
        ABCMeta.__instancecheck__ = lambda cls, instance: "yes"
    if i == 50:
        ABCMeta.__instancecheck__ = check
    answer = one(3, collections.abc.Mapping)
    if i in (29, 30, 49, 50):
        print(answer)
