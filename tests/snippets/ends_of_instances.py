"""Instances that die soon: their memory is used again, the collector counts them, and whatever their end does is done."""

import gc
import sys
import weakref

ended = []


class Pair:
    def __init__(self, left, right):
        self.left = left
        self.right = right


class Slots:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left = left
        self.right = right


class Mixed(Slots):
    def __init__(self, left, right):
        super().__init__(left, right)
        self.more = left


class WithWeakrefs(Slots):
    __slots__ = ("__weakref__",)


class Finalized(Pair):
    def __del__(self):
        ended.append(self.left)


class Growing:
    """Gets more attributes with each instance."""

    def __init__(self, count):
        for number in range(count):
            setattr(self, f"a{number}", number)


class Resurrected(Pair):
    kept = []

    def __del__(self):
        self.kept.append(self)


def churn(rounds):
    for number in range(rounds):
        pair = Pair(number, [number])
        slots = Slots(pair, 1.5 * number)
        mixed = Mixed(number, pair)
        Finalized(number, slots)
        reference = weakref.ref(pair)
        other = weakref.ref(WithWeakrefs(number, pair))
        assert other() is None
        assert vars(mixed) == {"more": number}
    return reference(), slots.left is pair


def chain(length):
    head = None
    for number in range(length):
        head = Pair(head, number)
    return head


def cycles(count):
    for number in range(count):
        pair = Pair(None, Finalized(number, None))
        pair.left = pair


def half_set(rounds):
    for number in range(rounds):
        slots = Slots.__new__(Slots)
        slots.right = number
        pair = Pair.__new__(Pair)
        pair.right = number
        del slots.right
    return hasattr(slots, "left"), hasattr(pair, "left")


def dict_taken(rounds):
    for number in range(rounds):
        pair = Pair(number, number)
        values = pair.__dict__
        pair.other = 1
        del pair
        assert list(values) == ["left", "right", "other"]


def class_changed(rounds):
    for number in range(rounds):
        pair = Pair(number, None)
        pair.__class__ = Finalized
        del pair


def living(*classes):
    return len([found for found in gc.get_objects() if type(found) in classes])


for _ in range(30):
    churn(100)
    chain(500)
    cycles(20)
    half_set(30)
    dict_taken(30)
    class_changed(10)
gc.collect()
print(churn(10)[0].left, half_set(10), len(ended), sum(ended))
head = chain(300_000)
head = None
print(gc.get_count()[0] >= 0, living(Pair, Slots, Mixed, Finalized))

gc.disable()
for _ in range(20):
    cycles(50)
    churn(20)
gc.enable()
print(gc.collect() >= 20 * 50, living(Pair, Slots, Mixed, Finalized))

# A collection is asked for as often as ever.
collections = gc.get_stats()[0]["collections"]
before = gc.get_threshold()
gc.set_threshold(50)
kept = [[Pair(number, None) for number in range(100)] for _ in range(20)]
for pairs in kept:
    for pair in pairs:
        pair.left = pair
gc.set_threshold(*before)
print(gc.get_stats()[0]["collections"] - collections > 20)
print(all(map(gc.is_tracked, kept[3])), all(any(pair is found for found in gc.get_objects()) for pair in kept[3]))
del kept, pairs, pair
print(gc.collect() >= 2000)

for number in range(40):
    Growing(number % 25)
print(vars(Growing(3)), list(vars(Growing(24)))[-1])

for number in range(40):
    Resurrected(number, None)
print([found.left for found in Resurrected.kept[:3]], len(Resurrected.kept))

references = sys.getrefcount(Pair)
churn(100)
print(sys.getrefcount(Pair) - references)


def made_class(number):
    class Local:
        def __init__(self):
            self.number = number

    return [Local() for _ in range(30)]


for number in range(20):
    made = made_class(number)
gone = weakref.ref(type(made[0]))
del made
gc.collect()
print(gone())
