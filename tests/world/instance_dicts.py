"""Instance dicts that are made, grow, are replaced, shared, cleared or deleted under compiled readers and writers."""


class Thing:
    limit = "class"

    def __init__(self, x):
        self.x = x
        self.y = x + 1

    def method(self):
        return "method", self.x


class Loud(dict):
    def __getitem__(self, key):
        return "loud"

    def __missing__(self, key):
        return "missing"


class Key(str):
    # How often it is called differs: the interpreter looks names up when it tries to specialise.
    def __eq__(self, other):
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def read(thing):
    out = []
    for get in (lambda: thing.x, lambda: thing.y, lambda: thing.limit, lambda: thing.method()):
        try:
            out.append(get())
        except AttributeError as error:
            out.append(str(error))
    return out


def write(thing, value):
    thing.x = value
    thing.y = value
    thing.limit = value
    del thing.limit


def actions(thing, other):
    return [
        lambda: vars(thing),
        lambda: vars(thing).update(z=1),
        lambda: vars(thing).pop("x"),
        lambda: vars(thing).clear(),
        lambda: setattr(thing, "__dict__", {"x": "new", "method": lambda: "in the dict"}),
        lambda: setattr(thing, "__dict__", Loud(x=1)),
        lambda: setattr(thing, "__dict__", vars(other)),
        lambda: delattr(thing, "__dict__"),
        lambda: setattr(thing, "__dict__", {Key("x"): "by a key that compares", 5: 6}),
        lambda: [setattr(thing, f"more{k}", k) for k in range(40)],
        lambda: [delattr(thing, f"more{k}") for k in range(40)],
        lambda: vars(thing).update({1: 2}),
        lambda: setattr(thing, "__dict__", dict.fromkeys("xy", ())),
        lambda: vars(thing).__setitem__("limit", "instance"),
        lambda: vars(other).clear(),
    ]


def changes(n, writes):
    thing, other, out = Thing(1), Thing(2), []
    todo = actions(thing, other)
    for i in range(n):
        at, rest = divmod(i * len(todo), n)
        if rest < len(todo):
            todo[at]()
        out.append((read(thing), read(other)))
        if writes and i % 3 == 1:
            write(thing, i)
        if i % 60 == 59:
            out.append((sorted(map(str, vars(thing))), sorted(map(str, vars(other)))))
    return out


def keeps_its_dict(n):
    """A dict that outlives its instance; one that is taken while the instance is filled."""
    out = []
    for i in range(n):
        thing = Thing(i)
        kept = vars(thing) if i % 2 else thing.__dict__
        thing.z = i
        del thing
        kept["q"] = 1
        out.append(kept)
    return out


def order(n):
    """The order of keys is the order in which they came."""
    out = []
    for i in range(n):
        thing = object.__new__(Thing)
        for name in ("y", "x", "w") if i % 3 else ("x", "w", "y"):
            setattr(thing, name, i)
        if i % 5 == 0:
            del thing.x
            thing.x = "back"
        thing.method()
        out.append(list(vars(thing).items()))
    return out


for repeat in range(3):
    print(changes(450, False))
    print(changes(450, True))
    print(keeps_its_dict(60))
    print(order(90))
