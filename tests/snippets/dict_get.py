"""`dict.get` with keys of every kind, present and not, by every way to call it: values, counts of references, and the interpreter's own refusals."""

import collections
import sys

ROUNDS = 300


class Odd:
    """Hashes and compares in Python."""

    def __init__(self, value):
        self.value = value

    def __hash__(self):
        log.append("hash")
        if self.value is None:
            raise KeyError("no hash")
        return hash(self.value)

    def __eq__(self, other):
        log.append("eq")
        if self.value == "wrong":
            raise ValueError("not to be compared")
        return self.value == other


class Own(dict):
    def get(self, key, other=None):
        return "own", key, other


class Plain(dict):
    pass


log = []
LARGE = [2**29, 2**30, 2**59 + 1, 2**60, 2**61 - 1, 2**61, -1, -2, -(2**30), -(2**59) - 1, 10**30]
VALUES = {"a": 1, 2: "two", (1, 2): 3, None: 4, 1.5: 5, int: 6, b"x": 7, frozenset({1}): 8, "wrong": 9}
TABLES = [
    VALUES,
    VALUES | {number: str(number) for number in LARGE},
    {"only": 1, "strings": 2},
    {},
    Plain(VALUES),
    Own(VALUES),
    collections.OrderedDict(VALUES),
    collections.defaultdict(list, VALUES),
    collections.Counter("abracadabra"),
    vars(sys.modules[__name__]).copy(),
]
KEYS = [
    "a",
    "b",
    2,
    2.0,
    True,
    (1, 2),
    (1, 2.0),
    None,
    1.5,
    int,
    str,
    b"x",
    frozenset({1}),
    [],
    {},
    Odd(2),
    Odd(None),
    Odd("wrong"),
    *LARGE,
]
KEYS += [float(number) for number in LARGE] + [number + 0 for number in LARGE]


def one(table, key):
    return table.get(key)


def two(table, key, other):
    return table.get(key, other)


def unbound(table, key):
    return dict.get(table, key), dict.get(table, key, "other")


def ids(things):
    memo, missing, met = {}, [], 0
    for thing in things:
        key = id(thing)
        known = memo.get(key, missing)
        if known is missing:
            memo[key] = thing
        else:
            met += known is thing
    return len(memo), met


def shown(value):
    return repr(value) if not hasattr(value, "__globals__") and "0x" not in repr(value) else type(value).__name__


def attempt(function, *args):
    try:
        return shown(function(*args))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


for k in range(ROUNDS):
    one(VALUES, k), two(VALUES, "a", k), unbound(VALUES, k)
for table in TABLES:
    for key in KEYS:
        print(attempt(one, table, key), attempt(two, table, key, "other"), attempt(unbound, table, key))
print(len(log), log[:20])
things = [object() for _ in range(50)]
print(ids(things), ids(things * 3))
for wrong in (
    lambda: {}.get(),
    lambda: {}.get(1, 2, 3),
    lambda: dict.get(),
    lambda: dict.get(5, 1),
    lambda: {}.get(key=1),
    lambda: dict.get({}),
):
    for _ in range(80):
        said = attempt(wrong)
    print(said)

# A value and the default have as many references afterwards.
value, other = [], []
table = {1: value, "x": value, 2**40: value}
before = sys.getrefcount(value), sys.getrefcount(other)
for k in range(ROUNDS):
    two(table, 1, other), two(table, "x", other), two(table, 2**40, other), two(table, k + 5, other), one(table, "x")
print(before == (sys.getrefcount(value), sys.getrefcount(other)))
