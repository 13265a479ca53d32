"""Keys that are tuples in tuples, named tuples, with floats, bools and `None` in them: searched and stored as the interpreter does, whoever has made the table."""

import collections
import math

ROUNDS = 300

Point = collections.namedtuple("Point", "x y")
Pair = collections.namedtuple("Pair", "first second")


class Loud(tuple):
    """Compares and hashes in Python."""

    def __eq__(self, other):
        log.append("eq")
        return tuple.__eq__(self, other)

    def __hash__(self):
        log.append("hash")
        return tuple.__hash__(self)


class Quiet(tuple):
    """Compares in Python, hashes as tuples do."""

    __hash__ = tuple.__hash__

    def __eq__(self, other):
        log.append("quiet eq")
        return tuple.__eq__(self, other)


class Number:
    def __init__(self, value):
        self.value = value

    def __hash__(self):
        return hash(self.value)

    def __eq__(self, other):
        log.append("number")
        return self.value == other


class Counted(dict):
    """A dict that says what is stored."""

    def __setitem__(self, key, value):
        log.append("set")
        dict.__setitem__(self, key, value)


class Plain(dict):
    pass


nan = math.nan
KEYS = [
    (1, (2, 3)),
    Point(1, (2, 3)),
    (1, Point(2, 3)),
    Pair(Point(1, 2), Point(-1, -2)),
    ((1, 2), (-1, -2)),
    (True, (False, None)),
    (1, (0, None)),
    (1.0, (0.0, None)),
    (1.5, -0.0),
    (1.5, 0.0),
    (nan, 1),
    (math.inf, (-math.inf,)),
    (10**30, (2, 10**30)),
    (10**30 + 1, (2, 10**30)),
    (-1, -2),
    (-2, -1),
    (),
    ((),),
    ((), ((), ((), ((), ((), ((), ((), ((), 1)))))))),
    ("a", ("b", ("c", "ä"))),
    ("a", ("b", ("c", "ä", 1))),
    (b"a", 1),
    (1, b"a"),
    (1, (frozenset({1, 2}), 2)),
    (1, 2, 3, 4, 5, 6, 7, 8),
    (1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1j, 2),
    (Number(1), (2, 3)),
    (Number(2.5), 4),
    (2.5, Number(4)),
    Loud((1, (2, 3))),
    Quiet((1, (2, 3))),
    Quiet(((1, 2), 3)),
    ((1, 2), 3),
    (Quiet((1, 2)), 3),
]


def copies(key):
    """Keys that are equal to a key, in other objects."""
    if type(key) is tuple:
        return tuple(copies(item) for item in key)
    if isinstance(key, (Point, Pair)):
        return type(key)(*[copies(item) for item in key])
    if type(key) is int and abs(key) > 1000:
        return key + 1 - 1
    return key


def stored(table, keys):
    for number, key in enumerate(keys):
        table[key] = number
        table[key] += 100
    return table


def found(table, keys):
    return [table[key] if key in table else "-" for key in keys]


def in_set(keys, others):
    made = set()
    for key in keys:
        made.add(key)
    return [key in made for key in others], len(made), len({key for key in others})


def in_list(keys, others):
    return [keys.index(other) if other in keys else "-" for other in others]


def made_by_interpreter(keys):
    return dict(zip(keys, range(len(keys)))), set(keys)


others = [copies(key) for key in KEYS]
half = KEYS[::2]
for i in range(ROUNDS):
    log = []
    tables = [
        stored(kind, half)
        for kind in (
            {},
            collections.defaultdict(int),
            collections.OrderedDict(),
            Plain(),
            Counted(),
            collections.Counter(),
        )
    ]
    result = [found(table, others) for table in tables]
    sets = in_set(half, others)
    lists = in_list(half, others)
    table, members = made_by_interpreter(half)
    given = found(table, others), [other in members for other in others]
    again = [len(stored(made, KEYS)) for made in tables]
print(result[0], *[row == result[0] for row in result])
print(sets)
print(lists)
print(given)
print(again, collections.Counter(log))
print([list(made) == list(tables[0]) for made in tables])


def default(keys):
    made = collections.defaultdict(list)
    for key in keys:
        made[key].append(1)
        made[key, key].append(2)
    return [len(made[key]) for key in keys], len(made)


def missing(keys):
    made = {}
    lost = 0
    for key in keys:
        try:
            made[key, 1]
        except KeyError as error:
            lost += error.args[0] == (key, 1)
        made[key, 1] = key
    return lost


def unhashable(key):
    try:
        {}[key]
    except TypeError as error:
        first = str(error)
    table = {}
    try:
        table[key] = 1
    except TypeError as error:
        return first, str(error), key in [key]


for i in range(ROUNDS):
    log = []
    result = default(others), missing(others), unhashable((1, (2, [3]))), unhashable(((1, {}), 2))
print(result)
print([hash(key) == hash(other) for key, other in zip(KEYS, others)])
