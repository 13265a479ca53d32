"""Instances of classes that change: a finalizer that comes later and goes again, `__dict__`, weak references, instances in each other, classes that end with their last instance."""

import gc
import sys
import tracemalloc
import weakref

seen = []


class Pair:
    def __init__(self, left, right):
        self.left, self.right = left, right


class Slots:
    __slots__ = ("left", "more", "right")

    def __init__(self, left, right):
        self.left, self.right = left, right


class Derived(Pair):
    pass


class Finalized(Pair):
    ended = 0

    def __del__(self):
        Finalized.ended += 1


def nested(i):
    a = Pair(i * 1.5, i + 1000)
    s = Slots(a, i * 2.5)
    d = Derived(s, a)
    f = Finalized(Pair("q" * (i % 3) + "z", d), i)
    return d.right.left + (f.right == i)


def churn(rounds):
    result = 0.0
    for i in range(rounds):
        result += nested(i)
    return result


def noticed(rounds):
    references = []
    for i in range(rounds):
        a = Pair(i, 2.5)
        if i % 7 == 0:
            references.append(weakref.ref(a, lambda _: seen.append("weak")))
        if i % 5 == 0:
            a.__dict__  # noqa: B018
        if i % 11 == 0:
            a.third = a.fourth = i
        b = Slots(a, a)
        b = Slots(b, b)
    return sum(reference() is None for reference in references)


def chain(length):
    last = None
    for i in range(length):
        last = Slots(last, i) if i % 2 else Pair(last, i)
    return last.right


def class_that_ends():
    class Local:
        def __init__(self):
            self.value = 1.5

    for _ in range(100):
        last = Local()
    return weakref.ref(type(last))


for _ in range(3):
    print(churn(600), Finalized.ended)
for changed in (Derived, Pair, Slots):
    changed.__del__ = lambda self: seen.append(type(self).__name__)
    churn(60)
    print(changed.__name__, len(seen), sorted(set(seen)))
    del changed.__del__
    churn(60)
    print(changed.__name__, len(seen))
print(noticed(600), len(seen))
print(chain(20_000), chain(20_000))
tracemalloc.start()
print(churn(200))
tracemalloc.stop()
print(churn(200))
for _ in range(5):
    reference = class_that_ends()
    gc.collect()
    print(reference() is None)
before = [sys.getrefcount(c) for c in (Pair, Slots, Derived)]
churn(300)
print([sys.getrefcount(c) - count for c, count in zip((Pair, Slots, Derived), before, strict=True)])
