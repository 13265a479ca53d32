"""`+`, `-` and `*` in code that meets floats, ints and other numbers at one place, long enough for regions to fail and learn."""

from fractions import Fraction

ROUNDS = 1500


class Pair:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def dot(self, other):
        return self.x * other.x + self.y * other.y

    def __sub__(self, other):
        return Pair(self.x - other.x, self.y - other.y)

    def scaled(self, by):
        return Pair(self.x * by, self.y * by)


def products(pairs):
    """The type of each result must be as ever: an int of ints, and a float where there is one."""
    kinds, results = {}, []
    for i in range(ROUNDS):
        a, b = pairs[i % len(pairs)], pairs[i // 7 % len(pairs)]
        c = a - b
        for value in (a.dot(b), c.x, c.y, c.scaled(3).dot(a)):
            kinds[type(value).__name__] = kinds.get(type(value).__name__, 0) + 1
            if i % 11 == 0:
                results.append(repr(value))
    return kinds, hash(tuple(map(len, results))), results[:60]


def sums(values):
    total, out = 0, []
    for i in range(ROUNDS):
        a, b = values[i % len(values)], values[i // 3 % len(values)]
        total = a + b - a * b
        if i % 37 == 0:
            out.append(repr(total))
    return out


def stored(values):
    """What one of several ways made is stored, and read again."""
    cells = [0] * 8
    for i in range(ROUNDS):
        cells[i & 7] = cells[i & 7] * 1 - values[i % len(values)]
    return cells


ints = [Pair(1, 2), Pair(-3, 0), Pair(0, -5)]
mixed = [*ints, Pair(0.5, 2), Pair(-0.0, 0), Pair(1e300, -3), Pair(0, 0.25)]
large = [*mixed, Pair(2**40, 2**62), Pair(2**70, 0.5), Pair(-(2**53) - 1, 1.0), Pair(2**1030, 3)]
print(products(ints))
print(products(mixed))
print(products(large[:-1]))
try:
    print(products(large))
except OverflowError as error:
    print(error)
print(products([*mixed, Pair(Fraction(1, 3), True), Pair(False, 2)]))
print(sums([1, 2.5, -3, 0, -0.0, 2**30]))
print(sums([1, 2**62, -(2**62), 2**64, 7]))
print(sums([1, 2.5, 1j, True, Fraction(2, 7)]))
print(stored([1, 2, 3]))
print(stored([1, 2.5, 3]))
print(stored([1.5, Fraction(1, 4), 3]))
