"""Generators that are dropped while they wait at a yield: what they hold ends then, in order, and their handlers run."""

import gc
import sys
import weakref

ROUNDS = 300
ended = []


class Noted:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        ended.append(self.name)
        if self.name == "collects":
            gc.collect()
            ended.append(sum(type(o).__name__ == "generator" and o.__name__ == "plain" for o in gc.get_objects()))


def plain(name, items):
    first, second = Noted(name), Noted("second")
    for item in items:
        third = Noted(item)
        yield item
        del third
    yield first, second


def with_finally(name):
    held = Noted(name)
    try:
        yield 1
    finally:
        ended.append("finally")
    yield held


def in_handler(name):
    try:
        raise ValueError(name)
    except ValueError as error:
        yield error
    yield name


def delegating(name):
    yield from plain(name, [1, 2])


def dropped(make, *args, steps=1):
    generator = make(*args)
    for _ in range(steps):
        next(generator)
    del generator
    ended.append("|")


def note():
    noted = ended[:]
    ended.clear()
    return noted


for i in range(ROUNDS):
    dropped(plain, "first", ["third", "other"])
    result = note()
    dropped(plain, "first", ["third"], steps=2)
    result += note()
    dropped(with_finally, "held")
    result += note()
    dropped(with_finally, "held", steps=2)
    result += note()
    dropped(in_handler, "handled")
    result += note()
    dropped(delegating, "inner")
    result += note()
    dropped(plain, "never started", [], steps=0)
    result += note()
print(result)

for i in range(20):
    dropped(plain, "collects", ["collects"])
print(note())


def first_of(items, wanted):
    return next((x for x in items if x > wanted), None)


def any_of(objects):
    return any(o.name for o in objects if o)


def found(n):
    objects = [None, Noted(""), Noted("yes"), Noted("no")]
    t = 0
    for i in range(n):
        t += any_of(objects) + first_of((3, i, 1000), i)
    return t


for i in range(30):
    result = found(50)
print(result, note()[-3:])


def kept_by_others(n):
    seen = []
    for i in range(n):
        generator = plain("weak", [i])
        next(generator)
        reference = weakref.ref(generator, lambda r: ended.append("gone"))
        other = plain("frame was held", [i])
        next(other)
        line = other.gi_frame.f_lineno
        del generator, other
        seen.append((reference() is None, line))
    return seen[-1]


print(kept_by_others(ROUNDS))
print(note()[-9:])


def handed_over(n):
    """What was thrown in is no matter for the next one."""
    for i in range(n):
        generator = plain("thrown into", [i])
        next(generator)
        count = sys.getrefcount(generator)
        try:
            generator.throw(KeyError(i))
        except KeyError as error:
            kept = error.args
        del generator
    return kept, count


print(handed_over(ROUNDS), note()[-3:])


class Finder:
    """Gets hold of the generator that ends, while it does."""

    def __del__(self):
        ended.extend(
            o for o in gc.get_objects() if type(o).__name__ == "generator" and o.__name__ == "found_at_its_end"
        )


def found_at_its_end(more):
    finder = Finder()
    yield more
    yield finder


for i in range(20):
    dropped(found_at_its_end, i)
again, mark = ended[-2:]
print(
    len(ended), again.gi_frame, list(again), gc.is_finalized(again), gc.is_tracked(again), sys.getrefcount(again), mark
)
del again
ended.clear()
