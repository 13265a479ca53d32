"""Allocations that fail one after the other: every one ends in a MemoryError or in the right result, never in a crash."""

import gc
import sys

import _testcapi


class Thing:
    def __init__(self, x):
        self.x = x

    def __add__(self, other):
        return Thing(self.x + other.x)

    def __getattr__(self, name):
        return [name]


def arithmetic(n):
    total, big, real = 0, 1 << 40, 0.5
    for i in range(n):
        total += i * 1000003
        big = big * 3 + i
        real = real * 1.5 + i
    return total, big, real


def objects(n):
    thing = Thing(0)
    for i in range(n):
        thing = thing + Thing(i)
    return thing.x, thing.missing


def containers(n):
    items, table, kept = [], {}, set()
    for i in range(n):
        items.append([i, (i, i + 1)])
        table[f"key {i}"] = {i: items[-1]}
        kept.add((i,))
    return (
        len(items),
        len(table),
        len(kept),
        [*items, 1][-1],
        {**table}["key 1"][1][0],
        items[1:3],
        "-".join(map(str, range(n))),
    )


# No functions are made on the way: CPython 3.13.0 crashes where that fails.
def inner(a, b=2, *args, c=3, **kw):
    return a, b, args, c, kw


def negative(x):
    return -x


def calls(n):
    out = []
    for i in range(n):
        out = inner(i, *[i], i, c=[i], **{"d": i})
    return out, inner(n, c=negative(n)), sorted([3, 1, 2], key=negative)


def values(k):
    for i in range(k):
        yield [i]


def outer(k):
    yield from values(k)


def generators(n):
    return sum([v[0] for v in outer(n)]), list(values(2)), [x for x in values(2)]


def handles(n):
    caught = 0
    for i in range(n):
        try:
            [][i]
        except IndexError as error:
            caught += len(error.args)
        try:
            raise ValueError(i) from None
        except* ValueError as group:
            caught += len(group.exceptions)
    return caught


def text(n):
    out = ""
    for i in range(n):
        out += f"{i:>5}|{i!r}" + str(i) * 2
    return out, out.split("|"), out[2:9], "%s %d" % (out, n)


FUNCTIONS = [arithmetic, objects, containers, calls, generators, handles, text]


def run(function, start):
    """With the allocation number `start`, and the next few, failing."""
    result = None
    _testcapi.set_nomemory(start, start + 1 + start % 3)
    try:
        result = function(5)
    except MemoryError:
        result = "MemoryError"
    finally:
        _testcapi.remove_mem_hooks()
    return result


sys.unraisablehook = lambda args: None
gc.disable()
for rounds in range(2):
    for function in FUNCTIONS:
        expected = function(5)
        for n in range(80 if rounds else 0):
            function(20)
        wrong, failed = [], 0
        for start in range(400):
            try:
                result = run(function, start)
            except BaseException as error:
                # The interpreter says so as well where it has no memory to say more.
                result = "MemoryError" if type(error) in (SystemError, MemoryError) else error
            failed += result == "MemoryError"
            if result not in (expected, "MemoryError"):
                wrong.append((start, result))
        print(function.__name__, wrong[:3], failed > 0, function(5) == expected)
