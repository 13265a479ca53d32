"""Global variables that are added, replaced, hidden and deleted between calls and rounds of hot code."""

import math

ROUNDS = 120
FACTOR = 3


class Pair:
    def __init__(self, a, b):
        self.a = a
        self.b = b

    def __add__(self, other):
        return Pair(self.a + other.a, self.b + other.b)


def scaled(x):
    return x * FACTOR


def work(n):
    total, pair, step = 0, Pair(0, 0), Pair(1, 2)
    for i in range(n):
        pair = pair + step
        total += scaled(i) + len("abc") + FACTOR
        if isinstance(pair, Pair):
            total += abs(-i) + math.floor(1.5)
    return total, pair.a, pair.b


def again(count=6):
    return [work(ROUNDS) for _ in range(count)]


print(again()[-1])
added = 1
print(again()[-1])
for number in range(40):
    globals()[f"added{number}"] = number
    result = work(ROUNDS)
print(result, again()[-1])

# Other values under the same names.
FACTOR = 5
print(again()[-1])


def scaled(x):
    return x - FACTOR


print(again()[-1])


def len(text):
    return 1000


print(again()[-1])
del len
print(again()[-1])


class Pair(Pair):
    def __add__(self, other):
        return Pair(self.a + 2 * other.a, self.b)


print(again()[-1])
del scaled
try:
    print(again())
except NameError as error:
    print(error)


def scaled(x):
    return x + 1


print(again()[-1])


def changes(n):
    """The loop itself adds, hides and removes."""
    total = 0
    for i in range(n):
        total += scaled(i) + len("xy")
        if i % 50 == 7:
            globals()[f"more{i}"] = i
        if i == 100:
            globals()["len"] = lambda text: 50
        if i == 150:
            del globals()["len"]
        if i == 200:
            globals()["scaled"] = lambda x: -x
        if i == 250:
            globals().popitem()
            globals()["abs"] = lambda x: 7
        total += abs(-i)
    globals().pop("abs", None)
    return total


print([changes(400) for _ in range(5)])

# One code object, and the globals of several modules.
source = "def f(n):\n    s = 0\n    for i in range(n):\n        s += g(i) + len('ab')\n    return s\ndef g(x):\n    return x + K\n"
code = compile(source, "module", "exec")
spaces = [{"K": k} for k in range(4)]
for space in spaces:
    exec(code, space)
for turn in range(8):
    print([space["f"](ROUNDS) for space in spaces])
    spaces[turn % 4][f"new{turn}"] = turn
    if turn == 5:
        spaces[1]["g"] = lambda x: 0
