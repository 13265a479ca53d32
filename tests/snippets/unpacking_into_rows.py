"""Sequences taken apart into variables that were named in this order, and in others: old values end in turn, each at its own store."""

import sys

ROUNDS = 300


class Loud:
    """Says what the variables of its function are when it ends."""

    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        shown = {name: getattr(value, "name", value) for name, value in frame.f_locals.items() if name in "abcdefghij"}
        print("end of", self.name, frame.f_lineno, shown)


def ten(first, second):
    a, b, c, d, e, f, g, h, i, j = first
    a, b, c, d, e, f, g, h, i, j = second
    a, b, c, d, e, f, g, h, i, j = second
    return a, b, c, d, e, f, g, h, i, j


def backwards(first, second):
    a = b = c = d = e = None
    e, d, c, b, a = first
    a, b, c, d, e = second
    b, a, d, c, e = second
    return a, b, c, d, e


def twice(values):
    a, a, b, b, a = values
    return a, b


def louds(make):
    a, b, c, d, e, f = make("first")
    a, b, c, d, e, f = make("second")
    a, b, c, d, e, f = (a, b, Loud("third c"), d, e, Loud("third f"))
    return len(locals())


def changed_midway(items):
    """The end of an old value changes the list that is taken apart."""

    class Changing:
        def __del__(self):
            items[3:] = ["changed"] * 3

    a, b, c, d, e, f = 0, Changing(), 1, 2, 3, 4
    a, b, c, d, e, f = items
    return a, b, c, d, e, f


def same_but_one(rounds):
    values = list(range(1000, 1010))
    seen = []
    for k in range(rounds):
        values[k % 10] += 1
        a, b, c, d, e, f, g, h, i, j = values
        seen.append(a + 2 * b + 3 * c + 5 * d + 7 * e + 11 * f + 13 * g + 17 * h + 19 * i + 23 * j)
    return seen[-3:], sum(seen)


first, second = [object() for _ in range(10)], tuple(object() for _ in range(10))
counts = [sys.getrefcount(thing) for thing in (*first, *second)]
for k in range(ROUNDS):
    assert ten(first, second) == second
    assert ten(tuple(first), list(second)) == second
    assert backwards("abcde", [1, 2, 3, 4, 5]) == (2, 1, 4, 3, 5)
    assert twice(range(5)) == (4, 3)
print(counts == [sys.getrefcount(thing) for thing in (*first, *second)])
for k in range(2):
    print(louds(lambda name: [Loud(f"{name} {letter}") for letter in "abcdef"]))
for values in (list("uvwxyz"), tuple("uvwxyz")):
    print(changed_midway(values) if isinstance(values, list) else None)
print(same_but_one(ROUNDS))
for wrong in ((1, 2), [1] * 11, iter([1]), 5):
    try:
        ten(first, wrong)
    except (TypeError, ValueError) as error:
        print(error)
