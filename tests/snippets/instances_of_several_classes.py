"""isinstance with one class and with tuples of them, where Python code has a say in some."""

from abc import ABC, ABCMeta

ROUNDS = 80


class Meta(type):
    def __instancecheck__(cls, instance):
        print("asked", cls.__name__, type(instance).__name__)
        return isinstance(instance, str)


class Strings(metaclass=Meta):
    pass


class Shape(ABC):
    pass


class Virtual:
    pass


Shape.register(Virtual)


class Base:
    pass


class Derived(Base):
    pass


class Pretends:
    @property
    def __class__(self):
        return Base


class Raises:
    @property
    def __class__(self):
        raise ValueError("no class")


def one(values, kind):
    total = 0
    for _ in range(ROUNDS):
        for value in values:
            if isinstance(value, kind):
                total += 1
    return total


def numbers(values):
    total = 0
    for _ in range(ROUNDS):
        for value in values:
            if isinstance(value, (int, float)):
                total += 1
            if isinstance(value, (Base, (list, dict))):
                total += 100
            if not isinstance(value, ()):
                total += 10000
    return total


def asked(value):
    found = 0
    for _ in range(3):
        found += isinstance(value, (Strings, int, Shape))
    return found


def wrong(value, kind):
    try:
        return isinstance(value, (int, kind))
    except TypeError as error:
        return str(error)
    except ValueError as error:
        return str(error)


def main():
    values = [1, True, 2.5, "a", None, [], {}, Base(), Derived(), Pretends(), Virtual(), Base, 1 << 80]
    for kind in (int, Base, Shape, (int, str), (), ABCMeta, type, object, (Derived, (Shape, float)), int | str):
        print(kind, one(values, kind))
    print(numbers(values))
    for value in (1, "a", 2.5, Virtual(), Base()):
        print(asked(value))
    for _ in range(ROUNDS):
        answers = [wrong(v, k) for v in (1, "a", Raises()) for k in (5, "x", Base, None)]
    print(answers)
    print(one(values, Base))
    Derived.__bases__ = (Pretends,)
    print(one(values, Base), numbers(values))


main()
