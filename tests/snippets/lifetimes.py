"""When objects die: finalizers at the same moment, weak references, reference counts."""

import gc
import sys
import weakref

log = []


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        log.append(self.name)


def taken():
    result = log[:]
    log.clear()
    return result


def temporaries(i):
    Noisy("dropped")
    after_drop = taken()
    local = Noisy("first")
    local = Noisy("second")  # noqa: F841
    after_rebinding = taken()
    del local
    after_del = taken()
    [Noisy("in a list")]
    (Noisy("one"), Noisy("two"))
    Noisy("attribute").name  # noqa: B018
    after_displays = taken()
    return after_drop, after_rebinding, after_del, after_displays


def in_loops(n):
    out = []
    kept = None
    for k in range(n):
        kept = Noisy(k)
        out.append(taken())
    kept.name = "last"
    return out


def in_errors(i):
    def fails(argument):
        local = Noisy("local")  # noqa: F841
        raise ValueError

    try:
        fails(Noisy("argument"))
    except ValueError:
        inside = taken()
    after = taken()
    try:
        [Noisy("a"), Noisy("b"), 1 // 0]
    except ZeroDivisionError:
        stack = taken()
    return inside, after, stack


def counts(i):
    thing = object()
    items = [thing] * 5
    pairs = (thing, thing)
    table = {"a": thing}
    before = sys.getrefcount(thing)
    for item in items:
        other = item
    a, b = pairs
    a, b = b, a
    x = table["a"] if i % 2 else other
    middle = sys.getrefcount(thing)
    del a, b, x, other, item
    items.clear()
    del pairs
    return before, middle, sys.getrefcount(thing), table["a"] is thing


def weak(i):
    thing = Noisy("weak")
    reference = weakref.ref(thing)
    alive = reference() is thing
    del thing
    return alive, reference(), taken()


def cycles(i):
    def local():
        return local, kept

    kept = Noisy("cycle")
    reference = weakref.ref(local)
    del local, kept
    gc.collect()
    return reference(), taken()


def code_dies(i):
    """Code that is made, gets hot, and goes."""
    space = {}
    exec("def hot(n):\n  total = 0\n  for k in range(n): total += k\n  return total", space)
    for _ in range(60):
        space["hot"](10)
    result = space["hot"](1000)
    reference = weakref.ref(space["hot"].__code__)
    del space["hot"]
    gc.collect()
    return result, reference()


def generator_dies(i):
    def generator():
        kept = Noisy("in generator")  # noqa: F841
        try:
            yield 1
        finally:
            log.append("finally")

    made = generator()
    next(made)
    before = taken()
    del made
    return before, taken()


gc.disable()
for i in range(60):
    for function in (temporaries, in_errors, counts, weak, cycles, code_dies, generator_dies):
        print(function.__name__, function(i))
print(in_loops(700))
print(taken())
