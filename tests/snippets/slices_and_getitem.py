"""Slices of lists with a step, slice assignment, and `__getitem__` of classes that change."""

import sys
from array import array


def sliced(items, i, j, k):
    return items[i:j:k], items[i::k], items[:j:k], items[::k]


def assigned(items, i, j, value):
    items[i:j] = value
    return items


def subscript(container, key):
    return container[key]


class Item:
    def __getitem__(self, key):
        return "item", key


class Other(Item):
    def __getitem__(self, key):
        return "other", key


class Plain(Item):
    pass


class Numbers(array):
    pass


bounds = [None, 0, 1, 3, 9, -1, -3, -20, 20, 10**30, -(10**30), True]
for _ in range(3):
    for i in bounds:
        for j in bounds:
            for k in (None, 1, 2, 3, -1, -2, -20, 10**30):
                items = list(range(5))
                parts = sliced(items, i, j, k)
                indices = [
                    range(5)[s] for s in (slice(i, j, k), slice(i, None, k), slice(None, j, k), slice(None, None, k))
                ]
                assert parts == tuple(map(list, indices)), (i, j, k, parts)
            want = list(range(5))
            want.__setitem__(slice(i, j), "xy")
            assert assigned(list(range(5)), i, j, "xy") == want, (i, j)

thing = object()
for n in range(60):
    held = [thing] * 4
    before = sys.getrefcount(thing)
    part = held[::-2]
    middle = sys.getrefcount(thing)
    held[1:3] = held
    print(len(part), middle - before, sys.getrefcount(thing) - before, len(held))
    del part, held
    for value in (5, None, "ab", iter([1, 2])):
        try:
            print(assigned([1, 2, 3], 1, 2, value))
        except TypeError as error:
            print(error)
    try:
        print([1, 2][::0])
    except ValueError as error:
        print(error)

    numbers, special = array("d", [1, 2, 3]), Numbers("i", [4, 5, 6])
    things = [Item(), Other(), Plain(), numbers, special, memoryview(b"xyz"), range(5), b"abc", {2: 3}, Item()]
    print([subscript(x, 2) for x in things], subscript(numbers, -1), list(subscript(numbers, slice(1, None))))
    for x in things + [numbers]:
        try:
            print(subscript(x, 7))
        except (IndexError, KeyError) as error:
            print(type(error).__name__, error)
    if n == 20:
        Plain.__getitem__ = lambda self, key: ("plain", key)
        Numbers.__getitem__ = lambda self, key: ("numbers", key)
    if n == 40:
        Item.__getitem__ = lambda self, key: ("changed", key)
        del Plain.__getitem__, Numbers.__getitem__
