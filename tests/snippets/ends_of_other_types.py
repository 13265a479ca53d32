"""Objects of types written in C end: sets, matches, queues, partials, and what they hold; instances of classes derived from these, with and without finalizers; classes that come and go."""

import gc
import re
import sys
import weakref
from collections import OrderedDict, deque
from functools import partial
from itertools import chain

seen = []


class Held:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        seen.append(self.name)


class Group(set):
    pass


class Counted(set):
    ended = 0

    def __del__(self):
        Counted.ended += 1


class Line(deque):
    __slots__ = ("name",)


WORD = re.compile(r"(\w)(\w*)")


def texts(words):
    total = 0
    for word in words:
        match = WORD.match(word)
        total += len(match.group(2)) + len({word, match.group(1)} & {word})
    return total


def holders(i):
    one = {Held(f"set {i}")}
    one = deque([Held(f"deque {i}")])
    one = partial(len, Held(f"partial {i}"))
    one = chain([Held(f"chain {i}")])
    next(one)
    one = OrderedDict(a=Held(f"ordered {i}"))
    one = Group([Held(f"group {i}")])
    one = Line([Held(f"line {i}")])
    one.name = Held(f"name {i}")
    one = Counted([Held(f"counted {i}")])
    del one
    return len(seen)


def classes_of_a_while(i):
    kind = (type("Plain", (), {}), type("Set", (set,), {}), type("Slots", (), {"__slots__": ("a",)}))[i % 3]
    made = [kind() for _ in range(4)]
    if i % 3 != 1:
        for index, one in enumerate(made):
            one.a = made[index - 1] if index else Held(f"first {i}")
    reference = weakref.ref(kind)
    del kind, one
    made.reverse()
    return len(made), reference() is type(made[0])


def main():
    for rounds in range(60):
        texts(["plain", "words", "x", str(rounds)])
        print(rounds, holders(rounds), classes_of_a_while(rounds) if rounds % 3 != 1 else "", len(seen))
        if rounds % 20 == 0:
            gc.collect()
    print(Counted.ended, seen[:24], seen[-24:])
    shared = {1}
    before = sys.getrefcount(shared)
    for _ in range(300):
        both = [shared, {2}, shared]
        both = shared & {1, 3}
    print(sys.getrefcount(shared) - before, both)


main()
