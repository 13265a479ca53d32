"""Calls with keywords in hot code, of functions, methods and classes."""

import sys
import traceback

ROUNDS = 400


def area(width, height=2, *, unit=1):
    return width * height * unit


def scaled(x, by=2, plus=0, minus=0):
    return x * by + plus - minus


def positional(a, b, /, c, d=4):
    return a * 1000 + b * 100 + c * 10 + d


class Point:
    def __init__(self, x, y=0, z=0):
        self.x = x
        self.y = y
        self.z = z

    def moved(self, dx=0, dy=0, dz=0):
        return Point(z=self.z + dz, x=self.x + dx, y=self.y + dy)

    def sum(self, weight=1):
        return (self.x + self.y + self.z) * weight


class Dropped:
    order = []

    def __init__(self, name):
        self.name = name

    def __del__(self):
        Dropped.order.append(self.name)


def functions(rounds):
    total = 0
    for i in range(rounds):
        total += scaled(i, minus=3) + scaled(by=i, x=2) + scaled(i, plus=1, by=3) - scaled(minus=1, plus=2, by=3, x=i)
        total += area(i, unit=2) + area(height=3, width=i) + positional(1, 2, d=i, c=3) + positional(i, 2, c=3)
    return total


def methods(rounds):
    point = Point(1, z=2)
    for i in range(rounds):
        point = point.moved(dz=i, dx=1).moved(dy=2)
    return point.x, point.y, point.z, point.sum(weight=2)


def wrong(calls):
    errors = []
    for call in calls:
        try:
            call(3)
        except TypeError as error:
            errors.append(str(error))
    return errors


def raises(values):
    def divided(of, by=1):
        return of // by

    errors = []
    for value in values:
        try:
            divided(by=value, of=6)
        except (ZeroDivisionError, TypeError) as error:
            frames = traceback.extract_tb(error.__traceback__)
            errors.append((str(error), [(frame.name, frame.line) for frame in frames]))
    return errors


def seen(rounds):
    found = []

    def look(first, second=5, third=6):
        if first % 150 == 0:
            frame = sys._getframe()
            found.append((dict(frame.f_locals), sorted(frame.f_back.f_locals)))
        return first

    for i in range(rounds):
        look(third=i + 1, first=i)
    return [(locals["first"], locals["second"], locals["third"], names) for locals, names in found]


def order_of_ends(rounds):
    def take(a, b, c=None):
        return 1

    for i in range(rounds):
        take(c=Dropped(("c", i)), b=Dropped(("b", i)), a=Dropped(("a", i)))
    return Dropped.order[:3], Dropped.order[-3:]


def other_defaults(rounds):
    def with_default(a, b=1, c=2):
        return a + 10 * b + 100 * c

    results = []
    for i in range(rounds):
        if i == rounds - 5:
            with_default.__defaults__ = (7, 8)
        if i == rounds - 2:
            with_default.__defaults__ = (3,)
        try:
            results.append(with_default(c=i, a=0) if i % 2 else with_default(b=i, a=1))
        except TypeError as error:
            results.append(str(error))
    return results[-6:]


def references(rounds):
    def take(a, b=None):
        return b

    item = object()
    before = sys.getrefcount(item)
    for _ in range(rounds):
        take(b=item, a=item)
    return sys.getrefcount(item) - before


print(functions(ROUNDS))
print(methods(ROUNDS))
print(
    wrong(
        [lambda x: scaled(x, by=1)] * ROUNDS
        + [lambda x: scaled(x, x=1), lambda x: scaled(x, other=1), lambda x: positional(x, b=1, c=2)]
    )
)
print(raises([1, 2, 3] * ROUNDS + [0, 2, "x", 3]))
print(seen(ROUNDS))
print(order_of_ends(ROUNDS))
print(other_defaults(ROUNDS))
print(references(ROUNDS))
