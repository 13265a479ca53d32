"""Dicts that `**` gathers and callees keep, tuples that die and are made again: each caller has its own, and what ends, ends when it should."""

import functools
import gc
import sys


def keep(*args, **kwargs):
    return args, kwargs


def pass_on(*args, **kwargs):
    return keep(*args, **kwargs)


def add_one(*args, **kwargs):
    return keep(*args, added=1, **kwargs)


def change(*args, **kwargs):
    kwargs["changed"] = len(args)
    kwargs.pop("x", None)
    return kwargs


def with_names(a, /, b=2, *rest, c=3, **others):
    return a, b, rest, c, others


class Callable:
    def __call__(self, *args, **kwargs):
        return self, args, kwargs

    def method(self, *args, **kwargs):
        return args, kwargs


def several_ways(rounds):
    given = {"x": 1, "y": 2}
    thing = Callable()
    seen = []
    for i in range(rounds):
        same = keep(**given)[1]
        assert same == given and same is not given
        same["more"] = i
        assert "more" not in given
        first = pass_on(i, **given)
        second = pass_on(i, **given)
        assert first == second and first[1] is not second[1] and first[0] is not second[0]
        third = add_one(**given)
        assert list(third[1]) == ["added", "x", "y"], third
        assert change(i, **given) == {"y": 2, "changed": 1} and given == {"x": 1, "y": 2}
        empty = pass_on()
        assert empty == ((), {}) and empty[1] is not pass_on()[1]
        empty[1]["z"] = i
        assert keep(**{}) == ((), {}) and keep(*(), **empty[1])[1] is not empty[1]
        assert thing(1, **given) == (thing, (1,), given)
        assert thing.method(*(i, i), **given) == ((i, i), given)
        # Positional-only parameters leave their name to `**others`; other parameters take theirs.
        assert with_names(1, **{"a": 9, "q": i}) == (1, 2, (), 3, {"a": 9, "q": i})
        assert with_names(*(1, 2, 3, 4), **{"c": 5}) == (1, 2, (3, 4), 5, {})
        assert with_names(1, **{"b": 5, "z": 6}) == (1, 5, (), 3, {"z": 6})
        wide = {f"name{k}": k for k in range(9)}
        assert keep(**wide)[1] == wide and list(keep(**wide)[1]) == list(wide)
        assert sys.getsizeof(keep(**given)[1]) == sys.getsizeof(keep(x=1, y=2)[1])
        shrunk = dict(wide, last=i)
        for k in range(9):
            del shrunk[f"name{k}"]
        assert keep(**shrunk)[1] == {"last": i}
        assert sys.getsizeof(keep(**shrunk)[1]) == sys.getsizeof(keep(last=1)[1])
        made = "".join(["x", "yz"[i % 2]])
        assert list(keep(**{made: 1, "y": 2})[1]) == [made, "y"]
        seen.append(functools.partial(keep, q=1)(**given)[1])
        try:
            keep(**{"a": 1, 2: 3})
        except TypeError as error:
            message = str(error)
        try:
            with_names(1, **{"b": 1}, **{"b": 2})
        except TypeError as error:
            message += str(error)
        try:
            with_names(**given)
        except TypeError as error:
            message += str(error)
    print(message, seen[-1], len(seen))


several_ways(200)


class Noisy:
    count = 0

    def __init__(self, name):
        self.name = name

    def __del__(self):
        Noisy.count += 1
        ended.append(self.name)
        # What ends makes tuples of its own.
        ended_in.append((self.name, len(ended), (self.name,)))


ended, ended_in = [], []


def ends_in_order(rounds):
    for i in range(rounds):
        pair = (Noisy("a"), Noisy("b"), (Noisy("c"), Noisy("d")))
        pair = None
        keep(Noisy("e"), Noisy("f"))
        (Noisy("g"),)
    return i


ends_in_order(60)
print(ended[:7], len(ended), ended == ended[:7] * 60, ended_in[6], len(ended_in))


def deep(rounds):
    t = ()
    for i in range(rounds):
        t = (t, i)
    return t


nested = deep(100_000)
nested = None


def tracked(rounds):
    made = [(i, [i]) for i in range(rounds)]
    cycle = []
    cycle.append((cycle, Noisy("cycle")))
    return all(gc.is_tracked(t) for t in made)


print(tracked(300), tracked(300))
before = Noisy.count
gc.collect()
print(Noisy.count - before)


def reused(rounds):
    """Dead tuples come again, with their own items only."""
    total = 0
    for i in range(rounds):
        a = (i, i + 1)
        b = (i, i + 1, i + 2)
        c = tuple([i])
        total += len(a) + len(b) + len(c) + a[1] + b[2]
        a = b = c = None
        many = [(k, i) for k in range(100)]
        assert [k for k, _ in many] == list(range(100)) and all(n == i for _, n in many)
    return total


print(reused(100))


class Pair(tuple):
    pass


def subclasses(rounds):
    for i in range(rounds):
        p = Pair((i, Noisy("pair")))
        p.name = i
        p = None
    return ended[-1]


print(subclasses(50))
