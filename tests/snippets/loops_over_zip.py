"""Loops over zip(...) of lists and tuples, whose iterators compiled code steps by itself."""

import gc
import sys
import weakref

ROUNDS = 300


def many(function, *arguments):
    for _ in range(ROUNDS):
        result = function(*arguments)
    return result


def products(left, right):
    total = 0
    for a, b in zip(left, right):
        total += a * b
    return total


def three(x, y, z):
    found = []
    for a, b, c in zip(x, y, z):
        found.append(a + b * c)
    return found


L, T = list(range(30)), tuple(range(10, 40))
print(many(products, L, L), many(products, L, T), many(products, T, L), many(products, T, T))
print(many(products, L, L[:3]), many(products, L[:3], L), many(products, [], L), many(products, L, []))
print(many(products, L, range(30)), many(products, L, [1.5] * 20), many(products, [2**70, 1], (2, 3)))
print(many(three, L, L, L)[-3:], many(three, L, L[:2], L), many(three, T, L, T)[:2])


def kept(left, right):
    pairs = []
    for pair in zip(left, right):
        pairs.append(pair)
    return pairs[:2], pairs[-1], len(set(map(id, pairs))) == len(pairs)


print(many(kept, L, T))


def grouped(values):
    """One iterator twice."""
    found = []
    for a, b in zip(*[iter(values)] * 2):
        found.append((a, b))
    it = iter(values)
    for a, b in zip(it, it):
        found.append(a - b)
    return found


print(many(grouped, L[:7]))


def rests(left, right):
    """What is left of the iterators: the first was asked once more."""
    first, second = iter(left), iter(right)
    total = 0
    for a, b in zip(first, second):
        total += a + b
    return total, list(first), list(second)


print(many(rests, [1, 2, 3, 4], [5, 6]), many(rests, [1, 2], [5, 6, 7]), many(rests, [1, 2], [3, 4]))


def strictly(left, right):
    total = 0
    try:
        for a, b in zip(left, right, strict=True):
            total += a + b
    except ValueError as error:
        return total, str(error)
    return total


print(many(strictly, [1, 2], [3, 4]), many(strictly, [1, 2, 3], [3, 4]), many(strictly, [1, 2], [3, 4, 5]))


def shared(left, right):
    both = zip(left, right)
    found = []
    for a, b in both:
        found.append((a, b))
        if a % 4 == 1:
            found.append(next(both, None))
        if a > 20:
            break
    for a, b in both:
        found.append(-a)
    for a, b in both:
        found.append("again")
    return found


print(many(shared, L, T))


def changing(n):
    left, right, found = list(range(n)), list(range(n)), []
    for a, b in zip(left, right):
        if a == 2:
            right.pop()
            left.append(100)
        found.append((a, b))
        if len(found) > 20:
            break
    return found


print(many(changing, 6))


class Item:
    def __init__(self, name, log, lists):
        self.name, self.log, self.lists = name, log, lists

    def __del__(self):
        self.log.append((self.name, [len(values) for values in self.lists]))


def ending(n):
    """Items that only the zip still has."""
    log, left, right = [], [], []
    for i in range(n):
        left.append(Item(("left", i), log, (left, right)))
        right.append(Item(("right", i), log, (left, right)))
    for a, b in zip(left, right):
        log.append(("in", a.name, b.name))
        if a.name[1] == 1:
            left[0] = right[0] = left[1] = right[1] = None
        del a, b
    log.append("done")
    left.clear()
    right.clear()
    return log


print(many(ending, 4))


def untracked(left, right):
    """The collector takes tuples of numbers out of its lists."""
    total = 0
    for a, b in zip(left, right):
        total += a + b
        if a % 10 == 3:
            gc.collect(0)
    return total


print([untracked(L, T) for _ in range(30)][-1])


def failing(left, right):
    total = 0
    try:
        for a, b in zip(left, right):
            total += a // b
    except (ZeroDivisionError, TypeError) as error:
        return total, type(error).__name__, error.__traceback__.tb_lineno - failing.__code__.co_firstlineno
    return total


print(many(failing, [8, 9], [2, 3]), many(failing, [8, 9, 1], [2, 0, 1]), many(failing, [8, "x"], [2, 3]))


def comprehension(left, right):
    return (
        [a - b for a, b in zip(left, right)],
        {a: b for a, b in zip(left, right)},
        sum(a * b for a, b in zip(left, right)),
    )


print(many(comprehension, L[:5], T[:4]))


def nested(rows):
    return [sum(a * b for a, b in zip(row, column)) for row in rows for column in zip(*rows)]


print(many(nested, [[1, 2], [3, 4]]))


def counts(left, right):
    found = []
    for a, b in zip(left, right):
        found.append((sys.getrefcount(a), sys.getrefcount(b)))
    return found


print(many(counts, [object(), object()], (object(), object())))


def alive(n):
    class Thing:
        pass

    things = [Thing() for _ in range(n)]
    references = [weakref.ref(thing) for thing in things]
    for thing, number in zip(things, L):
        pass
    del things, thing
    return [reference() is None for reference in references]


print(many(alive, 3))
