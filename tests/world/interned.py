"""Strings that are interned and equal ones that aren't, as names, keys, keyword arguments; what `is` says."""

import sys


class Thing:
    def __init__(self):
        self.name = 1
        self.other = 2


def fresh(text):
    """An equal string that isn't interned."""
    return "".join([text[:1], text[1:]])


def names(i):
    thing = Thing()
    setattr(thing, fresh("name"), i)
    thing.__dict__[fresh("other")] = -i
    thing.__dict__[fresh("made_up")] = i
    return thing.name, thing.other, thing.made_up, getattr(thing, fresh("name")), list(vars(thing))


def keywords(**kw):
    return kw.get("alpha"), kw.get(fresh("alpha")), list(kw)


def takes(alpha, *, beta=0):
    return alpha, beta


def calls(i):
    return (
        keywords(**{fresh("alpha"): i}),
        takes(**{fresh("alpha"): i, fresh("beta"): 2}),
        takes(alpha=i, **{fresh("beta"): 3}),
    )


def identities(i):
    a, b = "constant", "constant"
    c = fresh("constant")
    return (
        a is b,
        a is c,
        sys.intern(c) is a,
        a == c,
        "x" is chr(120),
        "" is fresh(""),
        i is i,
        () is tuple([]),
        f"{a}" is a,
    )  # noqa: F632


def globals_by_name(i):
    globals()[fresh("SHARED")] = i
    seen = SHARED  # noqa: F821
    globals()[fresh("SHARED")] = -i
    return seen, SHARED  # noqa: F821


def tables(i):
    table = {"key": 1, 1: "int", 1.5: "float", (1, 2): "tuple", None: "none", True: "true replaces 1"}
    return (
        table["key"],
        table[fresh("key")],
        table[1.0],
        table[1 + i - i],
        table[1, 2],
        table[None],
        fresh("key") in table,
        fresh("no") in table,
    )


class Name(str):
    __slots__ = ()


def odd_names(i):
    thing = Thing()
    setattr(thing, Name("name"), i)
    vars(thing)[Name("odd")] = i
    out = [thing.name, thing.odd, [type(k).__name__ for k in vars(thing)]]
    for name in (fresh("missing"), Name("missing")):
        try:
            getattr(thing, name)
        except AttributeError as error:
            out.append((str(error), error.name == "missing"))
    return out


for i in range(150):
    seen = names(i), calls(i), identities(i), globals_by_name(i), tables(i), odd_names(i)
    if i in (0, 1, 60, 149):
        print(seen)
