"""Classes that are made while graphs are built, lose their versions, and are freed; others take their places in memory."""

import gc
import weakref

ROUNDS = 60


def make(number):
    class Made:
        kind = number

        def __init__(self, a):
            self.a = a

        def value(self):
            return self.a + number

        @property
        def twice(self):
            return 2 * self.a

    class Derived(Made):
        def value(self):
            return super().value() - 1

    return Made, Derived


def use(objects):
    total = 0
    for it in objects:
        total += it.value() + it.twice + it.kind
    return total


def once(it):
    return it.value() * 2 + it.twice


def freed():
    seen, references = [], []
    for number in range(8):
        made, derived = make(number)
        references += [weakref.ref(made), weakref.ref(derived)]
        counts = weakref.getweakrefcount(derived)
        objects = [made(1), derived(2), made(3)]
        for _ in range(ROUNDS):
            seen.append(use(objects))
            seen.append(once(objects[1]))
        assert weakref.getweakrefcount(derived) == counts
        del made, derived, objects
        gc.collect()
    return sum(seen), [reference() is None for reference in references]


def changed():
    made, derived = make(100)
    objects = [made(1), derived(2), made(3)]
    seen = []
    for number in range(6):
        for _ in range(ROUNDS):
            seen.append(use(objects) + once(objects[number % 3]))
        made.value = lambda self, number=number: self.a * number
        made.kind = number
        if number == 3:
            derived.value = lambda self: 1000
        if number == 4:
            made.twice = property(lambda self: 7)
    return sum(seen), seen[:: ROUNDS // 2]


def bases():
    made, _ = make(5)
    others = [type(f"Other{number}", (made,), {"kind": number}) for number in range(5)]
    seen = []
    for number in range(ROUNDS):
        objects = [other(number) for other in others[: 1 + number // 10]]
        for _ in range(4):
            seen.append(use(objects))
        if number == 30:
            others[0].__bases__ = (others[4],)
    return sum(seen), seen[::16]


print(freed())
print(changed())
print(bases())
