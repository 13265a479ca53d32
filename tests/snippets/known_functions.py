"""Built-in functions that regions compute: results, identity, types that change, names that are bound anew."""

import builtins
import math


def lengths(things):
    total = 0
    for _ in range(60):
        for thing in things:
            total += len(thing)
    return total


def absolutes(numbers):
    out = []
    for x in numbers:
        out.append(abs(x))
    return out


def extremes(pairs):
    out = []
    for x, y in pairs:
        out.append((min(x, y), max(x, y)))
    return out


def clamp(values, low, high):
    out = []
    for value in values:
        out.append(max(low, min(value, high)))
    return out


def whole(floats):
    out = []
    for x in floats:
        out.append((int(x), math.floor(x), math.ceil(x), math.trunc(x)))
    return out


def best_of(values):
    best = values[0]
    for value in values:
        best = max(best, value)
    return best


def shown(function, *arguments):
    """The result, or the error and its line."""
    try:
        result = function(*arguments)
        return repr(result) if not isinstance(result, list) else f"{result[-8:]} {len(result)}"
    except Exception as error:
        return f"{type(error).__name__}: {error} at {error.__traceback__.tb_next.tb_lineno}"


class Sized:
    def __len__(self):
        return 7


class Whole(float):
    def __floor__(self):
        return "floor"

    def __int__(self):
        return 99

    def __abs__(self):
        return "abs"

    def __lt__(self, other):
        return True


class Listed(list):
    def __len__(self):
        return 100


INTS = [0, 1, -1, 5, -5, 300, -300, 2**31, -(2**31), 2**59, -(2**59), 2**60 - 1]
FLOATS = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.5, -2.5, 1e15 + 0.5, -1e15 - 0.5, 4e18, -4e18]
for _ in range(80):
    shown(lengths, [[1, 2], [3]])
    shown(absolutes, INTS)
    shown(absolutes, FLOATS)
    shown(extremes, [(x, y) for x in INTS[:6] for y in INTS[:6]])
    shown(extremes, [(x, y) for x in FLOATS[:6] for y in FLOATS[:6]])
    shown(clamp, range(-20, 40), 0, 17)
    shown(whole, FLOATS)
print(shown(lengths, [[1, 2], [3], []]), shown(lengths, ["ab", "", "ü" * 9]), shown(lengths, [(1,), {}, {1: 2}, {3}]))
print(shown(lengths, [[1], Sized(), Listed()]), shown(lengths, [[1], 5]))
print(shown(absolutes, INTS), shown(absolutes, FLOATS), shown(absolutes, [True, False, -(2**63), 2**70, -(2**70)]))
print(shown(absolutes, [*INTS, Whole(-2.0), 3 - 4j]), shown(absolutes, [*INTS, "x"]), math.copysign(1, abs(-0.0)))
print(shown(extremes, [(1, 2), (2, 1), (1, 1.0), (1.0, 1), (True, 1), (1, True), (0.0, -0.0), (-0.0, 0.0)]))
nan = float("nan")
print(shown(extremes, [(1.0, 2.0), (nan, 1.0), (1.0, nan), (math.inf, 1.0), (-math.inf, nan)]))
print(shown(extremes, [(1, 2), (Whole(1.0), 2.0), ("a", "b"), ([1], [0])]), shown(extremes, [(1, 2), (1, "b")]))
print(shown(whole, FLOATS), shown(whole, [*FLOATS, 1e19]), shown(whole, [*FLOATS, -1e300, 2.0**63, 2.0**62]))
print(shown(whole, [0.5, nan]), shown(whole, [0.5, math.inf]), shown(whole, [0.5, Whole(1.5), 3, True]))
print(shown(clamp, [1, 2.5, 100, -3, True], 0, 17), shown(clamp, [1.0, 2.0, 50.0], 0.5, 17.5))

big = [2**40 + n for n in range(50)]
real = [n / 7 for n in range(50)]
for values in (big, real, big[::-1]):
    for _ in range(40):
        best = best_of(values)
    print(best == values[-1], best == values[0], any(best is value for value in values))
word = 10**12 + 7
print([abs(word) is word for _ in range(300)].count(True), [max(word, 5) is word for _ in range(300)].count(True))


def of_a_constant(count):
    for i in range(count):
        b = -1
        b = b % 65537 if b == b and abs(b) < 1e200 else 2
        c = 7
        c = c + i if min(c, 9) < 1e100 else 0
    return b, c


for _ in range(12):
    print(of_a_constant(100))

kept = builtins.len, builtins.min
builtins.len = lambda thing: 1000
print(shown(lengths, [[1, 2]]))
builtins.len = kept[0]
min = lambda x, y: (x, y)  # noqa: E731
print(shown(clamp, [1, 2], 0, 9))
del min
math.floor, floor = (lambda x: "mine"), math.floor
print(shown(whole, [1.5]))
math.floor = floor
print(shown(lengths, [[1, 2]]), shown(clamp, [1, 2], 0, 9), shown(whole, [1.5]))
