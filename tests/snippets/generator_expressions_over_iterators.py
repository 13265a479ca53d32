"""What a generator expression goes over: iterators of all kinds, which later versions of the interpreter ask for an iterator once more."""

import gc
import sys

ROUNDS = 300


def many(function, *arguments):
    for _ in range(ROUNDS):
        result = function(*arguments)
    return result


def results(values):
    return (
        sum(x for x in values),
        all(x < 50 for x in values),
        any(x > 5 for x in values),
        sorted(x * 2 for x in values),
        list(x + 1 for x in values),  # noqa: C400
        tuple(x for x in values if x & 1),
        set(x & 3 for x in values),  # noqa: C401
    )


class Counting:
    """An iterator in Python that notes how often it was asked for one."""

    asked = 0

    def __init__(self, limit):
        self.limit = limit
        self.now = 0

    def __iter__(self):
        Counting.asked += 1
        return self

    def __next__(self):
        if self.now >= self.limit:
            raise StopIteration
        self.now += 1
        return self.now


class Restarting:
    """Gives a generator."""

    def __init__(self, limit):
        self.limit = limit

    def __iter__(self):
        yield from range(self.limit)


def made(count):
    yield from range(count)


class Elsewhere:
    """Not its own iterator."""

    def __init__(self, values):
        self.values = values

    def __iter__(self):
        return iter([0, *self.values])

    def __next__(self):
        raise StopIteration


class Begins:
    """Its iterator is another thing, which gives yet another one when it is asked again."""

    def __iter__(self):
        return Elsewhere([4, 5])


TEN = list(range(10))
print(many(results, TEN))
print(many(results, tuple(TEN)))
print(many(results, range(10)))
print(many(results, {4, 5, 6}))
print(many(results, {4: 1, 5: 2}))
print(many(results, {4: 1, 5: 2}.values()))
print(many(results, bytes(TEN)))
print(many(results, Restarting(5)))
print(many(results, Begins()))
print(many(lambda: results(Counting(4))))
print(Counting.asked > 0)
Counting.asked = 0
print(many(lambda: sum(x for x in Counting(4))), Counting.asked)
print(many(lambda: sum(x for x in iter(TEN))))
print(many(lambda: sum(x for x in made(7))))
print(many(lambda: sum(x for x in map(abs, TEN))))
print(many(lambda: sum(x for _, x in enumerate(TEN))))
print(many(lambda: sum(x * y for x, y in zip(TEN, TEN, strict=True))))
print(many(lambda: sum(x for x in reversed(TEN))))
print(many(lambda: ",".join(c for c in "text")))
print(many(lambda: ",".join(c for c in "tëxt€")))


def nested(rows):
    return sum(x for row in rows for x in row), [sum(x for x in row) for row in rows]


print(many(nested, [TEN, TEN[:3], ()]))


def filtered(rows, filters):
    return [row for row in rows if all(test(row) for test in filters)]


print(many(filtered, TEN, [lambda x: x > 2, lambda x: x & 1]))


def in_turn(kinds):
    """Several types at one place."""
    return [sum(x for x in values) for values in kinds]


print(many(in_turn, [TEN, tuple(TEN), {1, 2}, range(4), Restarting(4)]))


def shared(values):
    """The iterator is taken from by others meanwhile."""
    iterator = iter(values)
    return all(x < next(iterator, 99) for x in iterator), list(iterator)


print(many(shared, TEN))


def fails():
    try:
        return sum(x for x in 5)
    except TypeError as error:
        return str(error)


print(many(fails))


def halfway(values):
    """Goes on where another one stopped."""
    generator = (x for x in values)
    found = any(x > 3 for x in generator)
    return found, list(generator)


print(many(halfway, TEN))
gc.collect()
before = sys.getrefcount(TEN)
many(results, TEN)
many(halfway, TEN)
gc.collect()
print(before == sys.getrefcount(TEN))


def kept(values):
    """A generator of its own loop, whose argument has the iterator, too."""
    generator = (x * x for x in values)
    first = next(generator)
    return first, sum(generator), generator.gi_frame


print(many(kept, range(300)))
