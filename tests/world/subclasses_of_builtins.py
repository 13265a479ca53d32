"""Subclasses of builtins that override what the builtins do, among plain ones, at sites that have seen only plain ones."""


def make(base, **methods):
    return type(base.__name__.title(), (base,), methods)


def says(name):
    return lambda self, *args: f"{name}{args!r}" if "object at" not in repr(args) else name


List = make(
    list,
    __getitem__=says("getitem"),
    __len__=lambda self: 77,
    __iter__=lambda self: iter("list"),
    __contains__=lambda self, x: x == "special",
    __add__=says("add"),
    __iadd__=says("iadd"),
    __mul__=says("mul"),
    __eq__=says("eq"),
    __bool__=lambda self: False,
    append=says("append"),
    pop=says("pop"),
    __setitem__=lambda self, key, value: log.append((key, value)),
    __delitem__=lambda self, key: log.append(key),
)
Dict = make(
    dict,
    __getitem__=says("getitem"),
    __missing__=says("missing"),
    __contains__=lambda self, x: True,
    __iter__=lambda self: iter([1, 2]),
    __len__=lambda self: 5,
    keys=lambda self: ["a", "b"],
    get=says("get"),
    items=lambda self: [(1, 2)],
    __setitem__=lambda self, key, value: log.append((key, value)),
)
Defaulting = make(dict, __missing__=lambda self, key: ("default", key))
Str = make(
    str,
    __add__=says("add"),
    __radd__=says("radd"),
    __eq__=lambda self, other: "eq",
    __hash__=lambda self: 3,
    __str__=lambda self: "str of Str",
    __format__=says("format"),
    __getitem__=says("getitem"),
    __len__=lambda self: 9,
    __contains__=lambda self, x: x == "q",
    __mod__=says("mod"),
    join=says("join"),
)
Tuple = make(
    tuple,
    __getitem__=says("getitem"),
    __len__=lambda self: 4,
    __iter__=lambda self: iter("ab"),
    __eq__=lambda self, x: True,
    __hash__=None,
)
Set = make(
    set,
    __contains__=lambda self, x: x == 3,
    __iter__=lambda self: iter("set"),
    __len__=lambda self: 8,
    __or__=says("or"),
)
Range = [range(3), range(2**65, 2**65 + 2)]
log = []


def attempt(function):
    try:
        return function()
    except Exception as error:
        return type(error).__name__, str(error)


def sequence(x):
    return [
        attempt(f)
        for f in (
            lambda: x[0],
            lambda: x[-1],
            lambda: x[1:],
            lambda: len(x),
            lambda: [y for y in x],
            lambda: [*x],
            lambda: 1 in x,
            lambda: "special" in x,
            lambda: x + x,
            lambda: x * 2,
            lambda: x == [1, 2],
            lambda: "true" if x else "false",
            lambda: x.index(1),
            lambda: sorted(x, key=str),
            lambda: (lambda a, b: (a, b))(*x),
            lambda: "".join(map(str, x)),
        )
    ]


def unpack(x):
    a, b = x
    return a, b


def changed(x):
    x[0] = 5
    x += [1]
    if hasattr(x, "append"):
        return x.append(3), x.pop()
    del x[0]
    return x


def mapping(x):
    return [
        attempt(f)
        for f in (
            lambda: x["a"],
            lambda: x["no"],
            lambda: "a" in x,
            lambda: "no" in x,
            lambda: [k for k in x],
            lambda: {**x},
            lambda: (lambda **kw: sorted(kw))(**x),
            lambda: len(x),
            lambda: x.get("a"),
            lambda: [pair for pair in x.items()],
            lambda: x.__setitem__("z", 1),
            lambda: sorted(map(str, dict.keys(x))),
        )
    ]


def text(x):
    table = {"abc": "plain"}
    return [
        attempt(f)
        for f in (
            lambda: x + "d",
            lambda: "d" + x,
            lambda: x == "abc",
            lambda: x[0],
            lambda: len(x),
            lambda: "q" in x,
            lambda: f"{x}|{x!r}|{x:5}",
            lambda: x % 1 if "%" in str.__str__(x) else "no",
            lambda: table.get(x),
            lambda: table[x],
            lambda: x.join(["1", "2"]),
            lambda: str(x),
            lambda: "".join([x, "e"]),
            lambda: x < "b",
            lambda: x.upper(),
            lambda: getattr(str, x),
        )
    ]


def sets(x):
    return [
        attempt(f)
        for f in (
            lambda: 3 in x,
            lambda: 1 in x,
            lambda: sorted(map(str, [y for y in x])),
            lambda: len(x),
            lambda: x | {9},
            lambda: x == {1, 2},
        )
    ]


def matched(x):
    match x:
        case [a, b]:
            return "sequence", a, b
        case {"a": a}:
            return "mapping", a
        case "abc":
            return "text"
        case _:
            return "other"


PLAIN = 120
for x in [[1, 2]] * PLAIN + [List([1, 2]), (1, 2), Tuple((1, 2)), *Range, "ab", [3, 4]] * 12:
    seen = (
        sequence(x),
        attempt(lambda x=x: unpack(x)),
        matched(x),
        attempt(lambda x=x: changed(x if not isinstance(x, list) else type(x)(list.copy(x)))),
    )
    log.append(seen) if type(x) not in (list, tuple) or len(log) % 7 == 0 else None
for x in [{"a": 1}] * PLAIN + [Dict(a=1), Defaulting(a=1), {"a": 2, "no": 3}] * 12:
    seen = mapping(x), matched(x)
    log.append(seen) if type(x) is not dict else None
for x in ["abc"] * PLAIN + [Str("abc"), "".join(["a", "bc"]), "é", "%d"] * 12:
    log.append((text(x), matched(x)))
for x in [{1, 2}] * PLAIN + [Set([1, 2]), frozenset([1, 2])] * 12:
    log.append(sets(x))
print(log)
