"""Functions of `math` in hot code: results, errors, and arguments of all types."""

import math
from fractions import Fraction
from math import sqrt

ROUNDS = 400


class Real(float):
    pass


class Odd:
    def __float__(self):
        return 2.25


def each(function, values):
    out = []
    for i in range(ROUNDS):
        value = values[i % len(values)]
        try:
            result = function(value)
        except (ValueError, OverflowError, TypeError) as error:
            result = repr(error)
        if i < 2 * len(values):
            out.append((type(value).__name__, repr(result), type(result).__name__))
    return out


def root(x):
    return sqrt(x)


def sine(x):
    return math.sin(x)


def cosine(x):
    return math.cos(x) * 3


def tangent(x):
    return math.tan(x)


def arc(x):
    return math.atan(x)


def exponential(x):
    return math.exp(x)


def square(x):
    return (x - 0.5) ** 2 + x**3


FLOATS = [0.0, -0.0, 1.0, 2.0, 0.1, 1e-308, 1e300]
FAILING = [*FLOATS, -1.0, float("inf"), float("-inf"), float("nan"), 1e308, 5e-324]
MIXED = [1, 2.5, 0, True, 2**40, 2**53 + 1, 2**62, 10**30, 10**400, Real(4.0), Odd(), Fraction(9, 4), "x", None]
for function in (root, sine, cosine, tangent, arc, exponential, square):
    for values in (FLOATS, [1, 2, 3, 4], FAILING, MIXED):
        print(function.__name__, each(function, values))


def norm(points):
    total = 0
    for i in range(ROUNDS):
        x, y = points[i % len(points)]
        total += sqrt(x * x + y * y) + (x - y) ** 2
    return total


def replaced():
    """The function may be another one from some round on."""
    global sqrt
    out = []
    for i in range(ROUNDS):
        if i == ROUNDS // 2:
            sqrt = lambda x: -x  # noqa: E731
        out.append(sqrt(i))
    sqrt = math.sqrt
    return sum(out)


def wrong_calls():
    out = []
    for i in range(ROUNDS):
        try:
            out.append(math.sin(*([1.0] * (1 + i % 2))))
            out.append(math.exp(x=1))
        except TypeError as error:
            out.append(str(error))
    return out[:4], len(out)


print(norm([(3.0, 4.0), (1.5, -2.0)]))
print(norm([(3, 4.0), (1.5, -2), (0, 0), (0, -0.0)]))
print(replaced())
print(wrong_calls())
