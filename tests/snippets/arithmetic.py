"""Every binary and unary operator over every pair of interesting values, in place and not, with the errors."""

import operator

VALUES = [
    0, 1, -1, 2, 7, -7, 2**30 - 1, 2**30, -(2**30), 2**60, 2**63 - 1, -(2**63), 2**200, True, False,
    0.0, -0.0, 1.5, -2.25, 1e308, float("inf"), float("nan"), 1 + 2j, "", "a", "abc", b"xy", (), (1, 2), [], [3], {1}, None,
]  # fmt: skip


def binary(x, y):
    results = []
    for act in (
        lambda: x + y, lambda: x - y, lambda: x * y, lambda: x / y, lambda: x // y, lambda: x % y, lambda: x & y,
        lambda: x | y, lambda: x ^ y, lambda: x == y, lambda: x != y, lambda: x < y, lambda: x <= y, lambda: x > y,
        lambda: x >= y, lambda: x is y, lambda: x in y, lambda: x not in y, lambda: x[y], lambda: x and y, lambda: x or y,
    ):  # fmt: skip
        try:
            results.append(act())
        except Exception as error:
            results.append((type(error).__name__, str(error)))
    return results


def small(x, y):
    """Operators that would make huge results of huge operands."""
    results = []
    for act in (lambda: x**y, lambda: x << y, lambda: x >> y, lambda: x @ y):
        try:
            results.append(act())
        except Exception as error:
            results.append((type(error).__name__, str(error)))
    return results


def in_place(x, y):
    results = []
    for name in ("add", "sub", "mul", "or", "and"):
        z = x[:] if isinstance(x, list) else set(x) if isinstance(x, set) else x
        try:
            if name == "add":
                z += y
            elif name == "sub":
                z -= y
            elif name == "mul":
                z *= y
            elif name == "or":
                z |= y
            else:
                z &= y
            results.append(z)
        except Exception as error:
            results.append((type(error).__name__, str(error)))
    return results


def unary(x):
    results = []
    for act in (lambda: -x, lambda: +x, lambda: ~x, lambda: not x, lambda: bool(x), lambda: abs(x)):
        try:
            results.append(act())
        except Exception as error:
            results.append((type(error).__name__, str(error)))
    return results


HUGE = [value for value in VALUES if isinstance(value, int) and abs(value) > 2**20]
for x in VALUES:
    print(x, unary(x))
    for y in VALUES:
        if not any(y is huge for huge in HUGE) and not any(x is huge for huge in HUGE):
            print(small(x, y))
        if not (isinstance(x, (str, bytes, tuple, list)) and y in HUGE) and not (
            isinstance(y, (str, bytes, tuple, list)) and x in HUGE
        ):
            print(x, y, in_place(x, y))
            print(binary(x, y))


def int_loop(n):
    total = 0
    for i in range(n):
        total += i * 3 - (i >> 1) ^ (i & 5)
        if total % 7 == 3:
            total -= i // 2
    return total


def float_loop(n):
    x, y = 1.0, 0.5
    for i in range(n):
        x = x * 1.0001 + y / (i + 1)
        y -= x * 1e-6
        if x > 100.0:
            x -= 100.0
    return x, y


def grows(n):
    """Small ints become big ints, and types change in the middle of a loop."""
    value = 1
    seen = []
    for i in range(n):
        value = value * 3 + i
        if i == n // 2:
            value = float(value % 1000)
        if i % 50 == 0:
            seen.append(value)
    return seen


for n in (0, 1, 2, 100, 2000):
    print(int_loop(n), float_loop(n), grows(n % 600))
print(operator.add(1, 2))


class Overloaded:
    def __init__(self, name):
        self.name = name

    def __add__(self, other):
        return f"{self.name}+{other}"

    def __radd__(self, other):
        return f"{other}+{self.name}"

    def __iadd__(self, other):
        self.name += "'"
        return self

    def __lt__(self, other):
        return NotImplemented

    def __eq__(self, other):
        raise ZeroDivisionError("eq")

    __hash__ = None

    def __bool__(self):
        raise ValueError("bool")

    def __neg__(self):
        return "neg"

    def __getitem__(self, key):
        return key

    def __contains__(self, item):
        return item


def overloaded(n):
    results = []
    thing = Overloaded("t")
    for i in range(n):
        results.append((thing + i, i + thing, -thing, thing[i:2], i in thing))
        thing += i
        for act in (lambda: thing < 1, lambda: thing == 1, lambda: not thing, lambda: hash(thing)):
            try:
                act()
            except Exception as error:
                results.append(str(error))
    return results


print(overloaded(20))
