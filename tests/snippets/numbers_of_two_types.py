"""Numbers that are now a float and now an int at one place: kept, merged, compared, divided, shown in tracebacks, too large for a double, and minus zero."""

import math
import sys

ROUNDS = 40


class Vector:
    def __init__(self, x, y, z):
        self.x, self.y, self.z = x, y, z

    def dot(self, other):
        return self.x * other.x + self.y * other.y + self.z * other.z

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y, self.z - other.z)

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y, self.z + other.z)

    def scale(self, by):
        return Vector(self.x * by, self.y * by, self.z * by)


class Int(int):
    pass


class Float(float):
    pass


def told(value):
    return type(value).__name__, repr(value)


def computed(a, b):
    total, difference, product = a + b, a - b, a * b
    return total, difference, product, total * difference - product, product + total


def compared(a, b):
    product = a * b
    return product < a, product <= b, product == a + b, product != b, product > 0, product >= 1.5


def divided(a, b):
    product = a * b
    try:
        return product / (a - b)
    except (ZeroDivisionError, OverflowError) as error:
        return str(error)


def kept(a, b):
    """One object, whatever its name."""
    product = a * b
    other = product
    both = [product, product]
    return both[0] is both[1], other is product, (product, a + b), {"product": product}["product"]


def failing(a, b):
    product = a * b + a
    rest = product - b
    return product / 0 if b == 1.5 else rest + int("x" if b == -2.25 else "3")


def shown(a, b):
    first = a * b
    second = first - a
    frame = sys._getframe() if b == 1.5 else None
    return first + second, frame and sorted((k, told(v)) for k, v in frame.f_locals.items() if k != "frame")


def of_pair(a, b):
    out = []
    try:
        out += [told(value) for value in computed(a, b)]
        out += [compared(a, b), told(divided(a, b)), shown(a, b)]
        one, same, pair, item = kept(a, b)
        out += [one, same, [told(value) for value in pair], told(item)]
    except (TypeError, OverflowError) as error:
        out.append(str(error))
    try:
        out.append(told(failing(a, b)))
    except (ArithmeticError, ValueError, TypeError) as error:
        trace = error.__traceback__
        while trace.tb_next:
            trace = trace.tb_next
        out.append((type(error).__name__, [(k, told(v)) for k, v in sorted(trace.tb_frame.f_locals.items())]))
    return out


def of_all(values, rounds=ROUNDS):
    results = [[of_pair(a, b) for a in values for b in values] for _ in range(rounds)]
    return results[0] == results[-1], hash(repr(results[0])) == hash(repr(results[-1])), results[-1][:12]


def total(pairs):
    result = 0
    for a, b in pairs:
        result = result + a * b - b
    return result


def rays(rounds, last):
    position, out = Vector(0, 1.8, 10), []
    for i in range(rounds):
        other = Vector(i % 3, (i % 5) * 0.5, last)
        between = position - other
        along = between + other.scale(0.5 if i % 2 else 2)
        v = between.dot(along)
        w = between.dot(between) - v * v
        if i % 97 == 0:
            out.append((told(v), told(w), told(along.x), told(along.z), told(between.z)))
        if w > 0:
            v = math.sqrt(w)
    return out, told(v)


small = [0, 1, -3, 2.5, -0.0, 7]
wide = [0.0, 1.5, -2.25, 2**30, -(2**31), 2**40 + 1, 1e300, -1e-300, math.inf, -math.inf]
large = [2**52, 2**53, 2**53 - 1, -(2**53), 2**53 + 1, 2**62, 2**63, 2**70, -(2**64)]
print(of_all(small))
print(of_all(small + wide, 4))
print(of_all(large + [0.5, 1.5], 4))
print(of_all([*small[:3], True, False, Int(3), Float(2.5), 1 + 2j], 6))
print(of_all(small))
for last in (3, 2.5, 2**52 + 1, 4):
    print(rays(1000, last))
print({told(total([(a, b) for a in small for b in small] * 20)) for _ in range(10)})
