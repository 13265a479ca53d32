"""Methods and default arguments that are replaced while loops that call them are hot; what was there before is gone, and its memory has other tenants."""

import gc

RESULTS = []


class Thing:
    def get(self):
        return 1


def made(k):
    """A function whose code nobody else has."""
    space = {}
    exec(f"def get(self, a={k}): return a + value\nvalue = {k}", space)
    return space["get"]


def calls(thing, n):
    total = 0
    for _ in range(n):
        total += thing.get()
    return total


def calls_of_an_attribute(thing, n):
    total = 0
    for _ in range(n):
        total += thing.make().value
    return total


class Value:
    def __init__(self, value=5):
        self.value = value


def made_class(k):
    return type("V", (Value,), {"__init__": lambda self, value=k: setattr(self, "value", value)})


thing = Thing()
for rounds in range(1, 60, 3):
    # The loop gets hot in the middle of this: what its inline caches name may be gone by then.
    function = eval(
        compile("lambda thing, n: [thing.get() for _ in range(n)]", f"copy {rounds}", "eval"),
    )
    Thing.get = made(rounds)
    function(thing, rounds)
    Thing.get = None
    others = [[made(k) for k in range(20)], [(k,) * 17 for k in range(200)], [{k: k} for k in range(50)]]
    Thing.get = made(rounds + 1)
    RESULTS.append(sum(function(thing, 40)) + calls(thing, rounds))
    others = None
    Thing.get = None
    gc.collect()
    Thing.get = made(rounds + 2)
    RESULTS.append(sum(function(thing, 100)) + calls(thing, 50))
print(RESULTS)

RESULTS.clear()
for rounds in range(1, 60, 3):
    function = eval(compile("lambda thing, n: [thing.make().value for _ in range(n)]", f"copy {rounds}", "eval"))
    Thing.make = made_class(rounds)
    function(thing, rounds)
    Thing.make = None
    gc.collect()
    others = [made_class(k) for k in range(3)]
    Thing.make = made_class(rounds + 1)
    RESULTS.append(sum(function(thing, 40)) + calls_of_an_attribute(thing, rounds))
    others = None
    gc.collect()
    Thing.make = made_class(rounds + 2)
    RESULTS.append(sum(function(thing, 100)) + calls_of_an_attribute(thing, 50))
print(RESULTS)


def with_defaults(x, y=1, z=(2,)):
    return x + y + len(z)


def calls_with_defaults(n):
    total = 0
    for k in range(n):
        total += with_defaults(k)
    return total


def construction(n):
    total = 0
    for _ in range(n):
        total += Value().value
    return total


RESULTS.clear()
for k in range(40):
    # The tuples take each other's place in memory.
    with_defaults.__defaults__ = (k + 1000, (k,) * (k % 3))
    Value.__init__.__defaults__ = (k + 1000,)
    RESULTS += calls_with_defaults(50), construction(50)
    with_defaults.__defaults__ = (k + 0.5, [k])
    Value.__init__.__defaults__ = (k + 0.5,)
    RESULTS += calls_with_defaults(50), construction(50)
    with_defaults.__defaults__ = (1, 2, "ab")
    RESULTS.append(calls_with_defaults(50))
    with_defaults.__defaults__ = ("ab",)
    try:
        calls_with_defaults(50)
    except TypeError as error:
        RESULTS.append(str(error))
    with_defaults.__defaults__ = None
    try:
        calls_with_defaults(50)
    except TypeError as error:
        RESULTS.append(str(error))
print(RESULTS)


def changes_while_called(n):
    """The default of a call that runs is dropped."""
    out = []
    for k in range(n):
        out.append(drops_its_default(k))
    return out


def drops_its_default(k, a=None):
    if k % 7 == 3:
        drops_its_default.__defaults__ = ([k],)
    return (k, a)


print(changes_while_called(300))
