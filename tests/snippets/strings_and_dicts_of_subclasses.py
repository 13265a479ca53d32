"""Strings and dicts of subclasses, which are compared and searched like their bases where their classes change nothing; what else calls them."""

ROUNDS = 60


class Name(str):
    __slots__ = ()


class Loud(str):
    def __eq__(self, other):
        calls.append("==")
        return str.__eq__(self, other)

    def __ne__(self, other):
        calls.append("!=")
        return str.__ne__(self, other)

    __hash__ = str.__hash__


class Hashed(str):
    def __hash__(self):
        calls.append("hash")
        return str.__hash__(self)


class Scope(dict):
    def __init__(self, *args, outer=None):
        super().__init__(*args)
        self.outer = outer

    def find(self, name):
        scope = self
        while scope is not None:
            if name in scope:
                return scope[name]
            scope = scope.outer
        return None


class Defaults(Scope):
    def __missing__(self, key):
        calls.append(f"missing {key}")
        return "default", key


class Own(Scope):
    def __contains__(self, key):
        calls.append(f"contains {key}")
        return dict.__contains__(self, key)

    def __getitem__(self, key):
        calls.append(f"item {key}")
        return dict.__getitem__(self, key)


class Late(Scope):
    """Gets methods of its own in the middle."""


calls = []


def same(a, b):
    return a == b, a != b


def compare(values):
    answers = []
    for a in values:
        for b in values:
            answers.append(same(a, b))
    return answers


def take(container, key):
    try:
        return container[key]
    except KeyError as error:
        return f"no {error}"


def among(value):
    return (
        value in ("(", ")", "x"),
        value in ["a", None, 1, "x"],
        value in (1, 2.0, "x"),
        value in (1 << 40, "x", 5, 1 << 80),
        value in ("é", "€", "𝄞"),
    )


values = [
    "x",
    Name("x"),
    Loud("x"),
    Hashed("x"),
    "y",
    Name("y"),
    "é",
    Name("é"),
    "",
    Name(""),
    5,
    None,
    1 << 80,
    2.0,
    b"x",
    True,
]
keys = [Name("a"), "a", Loud("a"), Hashed("a"), Name("z"), "z", 7, True, None, (Name("a"), 1)]


def scopes():
    outer = Scope({"a": 1, "b": 2})
    return [
        Scope({"q": 3}, outer=outer),
        Defaults({"a": 4}, outer=outer),
        Own({"a": 5}, outer=outer),
        Late({"a": 6}),
        outer,
    ]


def observe():
    answers = [compare(values)]
    for scope in scopes():
        for key in keys:
            answers += [scope.find(key), take(scope, key), key in scope]
    answers += [among(value) for value in values]
    return answers


first = observe(), list(calls)
for _ in range(ROUNDS):
    calls.clear()
    again = observe(), list(calls)
    assert again == first
print(first)

Late.__contains__ = lambda self, key: calls.append(f"late contains {key}") or True
Late.__getitem__ = lambda self, key: ("late", key)
calls.clear()
print(observe(), calls)
del Late.__contains__, Late.__getitem__
calls.clear()
print(observe(), calls)


# What `f(*args)` calls.
class Callable:
    def __init__(self, base):
        self.base = base

    def __call__(self, *args, **kwargs):
        return self.base, args, kwargs

    def method(self, a, b=2, *, c=3):
        return self.base, a, b, c


class Deep:
    def __init__(self, inner):
        self.inner = inner

    def __call__(self, *args):
        return self.inner(*args)


def apply(function, args, kwargs):
    try:
        return function(*args, **kwargs)
    except TypeError as error:
        return str(error)


one = Callable(1)
chain = one
for _ in range(20):
    chain = Deep(chain)
cases = [
    (one, (1, 2), {"x": 3}),
    (one.method, (1,), {}),
    (one.method, [1, 2], {"c": 4}),
    (one.method, (), {}),
    (one.method, (1, 2, 3), {}),
    (one.method, (1,), {"d": 4}),
    (Callable.method, (one, 5), {}),
    (chain, (9,), {}),
    (Deep(len), ("abc",), {}),
    (Deep(one), (1,), {"x": 1}),
]
for _ in range(ROUNDS):
    results = [apply(*case) for case in cases]
print(*results, sep="\n")


def recurse():
    looped = Deep(None)
    looped.inner = looped
    try:
        looped()
    except RecursionError as error:
        return type(error).__name__


print(recurse())


# What stands around a star.
def around(sequence):
    try:
        first, *rest, last = sequence
    except ValueError as error:
        return str(error)
    return first, rest, last


def head(sequence):
    head, *rest = sequence
    return head, rest


for _ in range(ROUNDS):
    seen = [
        around(sequence) for sequence in ((), [1], (1, 2), [1, 2, 3], (1, 2, 3, 4), "abc", range(5), {1: 2, 3: 4, 5: 6})
    ]
    seen += [head(sequence) for sequence in ([1], (1, 2), [1, 2, 3], "xyz", iter([1, 2]))]
print(seen)
