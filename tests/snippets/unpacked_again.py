"""The same sequence taken apart again and again: what is counted, what ends, and when, what somebody sees."""

import sys
import weakref

ROUNDS = 400


class Item:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name

    def __del__(self):
        ended.append(self.name)


def same_tuple(rounds, items):
    for _ in range(rounds):
        a, b, c = items
        a, b, c = items
        c, b, a = items
        a, b, b = items
    return a, b, c


def same_list(rounds, items):
    total = 0
    for i in range(rounds):
        a, b, c = items
        items[i % 3] = i
        a, b, c = items
        total += a + b + c
    return total


def fresh(rounds):
    for i in range(rounds):
        pair = Item(f"first {i}"), Item(f"second {i}")
        a, b = pair
        a, b = pair
        pair = None
        b = a
    return a, b


def only_holder(rounds):
    holder = [Item("kept"), Item("dropped")]
    for i in range(rounds):
        a, b = holder
        a, b = holder
        if i == rounds - 2:
            del holder[1]
            holder.append(i)
    return a, b


def unset(rounds, items):
    seen = 0
    for i in range(rounds):
        if i % 5 == 4:
            a, b = items
            seen += a + b
            del a
        else:
            b = i
            a = b
            a, b = items
    try:
        return seen, a, b
    except UnboundLocalError as error:
        return seen, b, str(error)


def fails(rounds, lists):
    a = b = None
    for i in range(rounds):
        try:
            a, b = lists[i % len(lists)]
            a, b = lists[i % len(lists)]
        except ValueError as error:
            b = str(error)
    return a, b


def watched(rounds, items):
    for i in range(rounds):
        a, b, c = items
        if i == rounds - 1:
            frames.append(dict(sys._getframe().f_locals, items=None))
        c, b, a = items
    return a, b, c


class Ends:
    """Its end changes the list that is taken apart."""

    def __init__(self, items):
        self.items = items

    def __del__(self):
        self.items[0] += 1


def changes(rounds, items):
    total = 0
    for _ in range(rounds):
        a = Ends(items)
        a, b = items
        a, b = items
        total += a
    return total, b


ended, frames = [], []
things = Item("x"), Item("y"), Item("z")
before = [sys.getrefcount(thing) for thing in things]
for i in range(ROUNDS):
    result = same_tuple(i % 50, things) if i % 50 else None
print(result, [sys.getrefcount(thing) - count for thing, count in zip(things, before)])
result = None
print([sys.getrefcount(thing) - count for thing, count in zip(things, before)])
for i in range(ROUNDS):
    result = same_list(i % 50, [1, 2, 3])
print(result)
for i in range(ROUNDS // 10):
    ended.clear()
    result = fresh(20)
    result = repr(result), len(ended)
print(result, ended[-4:])
for i in range(ROUNDS // 10):
    ended.clear()
    result = only_holder(20)
    result = repr(result), list(ended)
print(result, ended)
for i in range(ROUNDS):
    result = unset(i % 50 + 5, (i, 2))
print(result)
for i in range(ROUNDS):
    result = fails(i % 50 + 5, [(1, 2), [3, 4], (1, 2, 3), "ab", [5]])
print(result)
for i in range(ROUNDS):
    frames.clear()
    result = watched(i % 50 + 1, things)
print(result, frames)
for i in range(ROUNDS // 10):
    result = changes(50, [0, i])
print(result)
frames.clear()
result = None
reference = weakref.ref(things[0])
ended.clear()
del things
print(reference() is None, sorted(ended))
