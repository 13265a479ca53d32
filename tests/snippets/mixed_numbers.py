"""Floats and ints together in hot code: comparisons, and calls of `float` and `int`, with numbers that do not fit and types that change."""

ROUNDS = 300
LARGE = 2**53


class Real(float):
    pass


class Whole(int):
    def __float__(self):
        return 0.125


def compared(floats, ints):
    counts = [0] * 12
    for _ in range(ROUNDS):
        for x, n in zip(floats, ints):
            counts[0] += x < n
            counts[1] += x <= n
            counts[2] += x == n
            counts[3] += x != n
            counts[4] += x > n
            counts[5] += x >= n
            if n < x:
                counts[6] += 1
            if n <= x:
                counts[7] += 1
            if n == x:
                counts[8] += 1
            if n != x:
                counts[9] += 1
            if n > x:
                counts[10] += 1
            if n >= x:
                counts[11] += 1
    return counts


def against_constants(floats):
    count = 0
    for _ in range(ROUNDS):
        for x in floats:
            if x * 1.0 < 0:
                count += 1
            if x * 1.0 == 9007199254740993:
                count += 100
            if 3 > x * 1.0:
                count += 10000
    return count


def converted(values):
    total, kinds = 0, set()
    for _ in range(ROUNDS):
        for value in values:
            number = float(value)
            total += number
            kinds.add((type(value), type(number), number is value))
    return total, sorted(map(str, kinds))


def whole(values):
    total, kinds = 0, set()
    for _ in range(ROUNDS):
        for value in values:
            number = int(value)
            total += number
            kinds.add((type(value), type(number), number is value))
    return total, sorted(map(str, kinds))


def rebound(rounds):
    global float
    results = []
    for i in range(rounds):
        if i == rounds - 3:
            float = str
        results.append(float(i))
    del float
    return results[-5:], float(3)


def failing(values):
    errors = []
    for value in values:
        try:
            float(value)
        except (ValueError, OverflowError, TypeError) as error:
            errors.append(str(error))
    return errors


nan, infinity = float("nan"), float("inf")
print(compared([1.5, 2.0, -1.0, nan, infinity, -infinity], [1, 2, 3, 4, 5, 6]))
print(compared([1.0 * LARGE] * 3 + [0.0], [LARGE, LARGE + 1, -LARGE - 1, 1]))
print(compared([1.0, 2.0], [2**70, -(2**70)]))
print(compared([1.0, 2.0], [True, Whole(2)]))
print(compared([Real(1.0), 2.0], [1, 2]))
print(against_constants([1.0, -1.0, 9007199254740992.0, 9007199254740994.0, nan]))
print(converted([1, 2.5, 3]))
print(converted([1, LARGE + 1, 2**62, -(2**62)]))
print(converted([2.5, Real(2.5), Whole(7), True, "1.5"]))
print(whole([1, 2, 2**40, 2**100]))
print(whole([1, True, 2.75, Whole(3), "12"]))
print(rebound(ROUNDS))
print(failing([1, 2.5] * ROUNDS + [2**5000, "x", None, 3]))
