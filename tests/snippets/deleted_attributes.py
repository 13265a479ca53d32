"""`del object.name`, and items of classes derived from `dict` in Python."""

from collections import Counter, OrderedDict, defaultdict


class Point:
    kind = "point"

    def __init__(self, x, y, z):
        self.x, self.y, self.z = x, y, z


def forget(p):
    del p.y
    seen = list(vars(p)) if p.x % 7 == 0 else None
    try:
        p.y
    except AttributeError as error:
        missing = str(error)
    p.y = p.x
    return seen, missing


for i in range(80):
    p = Point(i, 2, 3)
    result = forget(p)
    if i % 35 == 0:
        print(result, vars(p), forget(p), list(p.__dict__))

p = Point(1, 2, 3)
for name in ("x", "z", "y"):
    delattr(p, name)
print(vars(p))


def twice(p):
    del p.x
    try:
        del p.x
    except AttributeError as error:
        return str(error), error.name, error.obj is p


def of_class(p):
    try:
        del p.kind
    except AttributeError as error:
        return str(error)


for i in range(60):
    answers = twice(Point(1, 2, 3)), of_class(Point(1, 2, 3))
print(answers)


class Guarded:
    def __init__(self):
        self.a = 1
        self.log = []

    @property
    def b(self):
        return 2

    @b.deleter
    def b(self):
        self.log.append("b")

    def __delattr__(self, name):
        self.log.append(name)
        super().__delattr__(name)


class Slots:
    __slots__ = ("a", "b")


def drop(thing):
    del thing.a
    return thing


class Loud:
    def __del__(self):
        ended.append(len(vars(holder)) if holder else -1)
        if holder:
            holder.late = 1


class Holder:
    pass


ended = []
holder = None
for i in range(60):
    g = Guarded()
    drop(g)
    del g.b
    s = Slots()
    s.a = s.b = i
    drop(s)
    holder = Holder()
    holder.first = i
    holder.a = Loud()
    drop(holder)
    if i % 20 == 0:
        print(g.log, hasattr(s, "a"), s.b, vars(holder), ended[-1])
    holder.a = [holder]
    held = vars(holder)
    drop(holder)
    holder = None
print(len(ended), held)


class Text(str):
    pass


class Spied(dict):
    def __setitem__(self, key, value):
        stored.append(key)
        super().__setitem__(key, value)


class Half(dict):
    def __delitem__(self, key):
        stored.append(("del", key))
        super().__delitem__(key)


stored = []


def fill(space, keys):
    for key in keys:
        space[key] = space.get(key, 0) + 1
    return space


KEYS = ["a", "b", Text("a"), 1, 1.0, True, (1, 2), (1, (2, 3)), frozenset([1]), None] * 8
for make in (dict, Counter, OrderedDict, Spied, Half, lambda: defaultdict(int)):
    space = fill(make(), KEYS)
    print(type(space).__name__, list(space.items()), len(stored))
    try:
        fill(space, ["c", []])
    except TypeError as error:
        print(error)
counts = Counter()
for word in "a b a c a b".split() * 20:
    counts[word] += 1
print(counts, counts["nothing"])
for i in range(60):
    if i == 30:
        Half.__setitem__ = lambda self, key, value: dict.__setitem__(self, key, -value)
    half = Half()
    half["k"] = i
    if i in (29, 30):
        print(half)
