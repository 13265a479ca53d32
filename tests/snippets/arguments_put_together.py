"""Calls whose arguments are put together of some, of `*args`, and of dicts, by functions that hand on what they got."""

import sys
import traceback
from functools import partial


def plain(function):
    def wrapper(self, *args, **kwargs):
        return function(self, *args, **kwargs)

    return wrapper


def between(function):
    def wrapper(*args, **kwargs):
        return function(1, *args, 2, **kwargs)

    return wrapper


def twice(function):
    def wrapper(first, *args, more=None, **kwargs):
        return function(first, *args, *args, more=more, **kwargs)

    return wrapper


class Counted:
    def __init__(self):
        self.total = 0

    @plain
    def add(self, amount, times=1):
        self.total += amount * times
        return self.total

    @plain
    def fail(self, amount, limit=10):
        if amount > limit:
            raise ValueError(amount)
        return amount


@between
def three(a, b, c, d=0):
    return a, b, c, d


@twice
def many(*args, more):
    return args, more


def show(path, *args, **kwargs):
    return path, args, kwargs


class Hooks:
    def __init__(self, *hooks):
        self.hooks = hooks

    def call(self, path, *args, **kwargs):
        results = []
        for hook in self.hooks:
            results.append(hook(path, *args, **kwargs))
        return results


class Mapping:
    def keys(self):
        print("keys")
        return ["d"]

    def __getitem__(self, key):
        print("item", key)
        return 9


class Names(dict):
    pass


def run(counted, rounds):
    for i in range(rounds):
        counted.add(i)
        counted.add(i, times=2)
        last = three(i), three(b=i, c=1) if i < 0 else three(i, d=i), many(i, i, more=i)
    return counted.total, last


def fails(counted, rounds):
    errors = 0
    for i in range(rounds):
        try:
            counted.fail(i % 20, limit=15)
        except ValueError:
            errors += 1
    return errors


def spread(items, rounds):
    for _ in range(rounds):
        found = max(*items), show("list", *items), show(*items)
    return found


def merged(function, first, second, rounds):
    for _ in range(rounds):
        result = function(1, **first, **second)
    return result


def caught(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__, str(error), [frame.name for frame in traceback.extract_tb(error.__traceback__)]


print(run(Counted(), 300))
print(fails(Counted(), 300))
hooks = Hooks(show, partial(show, "partial"), Counted().add.__get__(0).__class__)
for i in range(200):
    got = Hooks(show, partial(show, "partial")).call("p", i, i + 1, k=i)
print(got, caught(hooks.call, "p", 1))
print(
    spread([1, 2], 200),
    spread((3, 4, 5), 200),
    caught(spread, iter([6, 7]), 1),
    caught(spread, 5, 200),
    caught(spread, [], 200),
)
print(merged(show, {"a": 1}, {"b": 2}, 200), merged(show, {}, {}, 200), merged(show, Names(a=1), {"c": 3}, 200))
print(
    merged(three.__closure__[0].cell_contents, {"b": 5}, {"c": 6}, 200), caught(merged, show, {"a": 1}, {"a": 2}, 200)
)
print(merged(show, {}, Mapping(), 3), caught(merged, show, {}, 5, 200), caught(merged, show, {1: 2}, {}, 200))
large = {f"name{i}": i for i in range(40)}
print(
    len(merged(show, large, {"b": 2}, 100)[2]),
    len(merged(show, {"b": 2}, large, 100)[2]),
    caught(merged, show, large, large, 100),
)


def counts(rounds):
    item, named = object(), object()
    before = sys.getrefcount(item), sys.getrefcount(named)
    for _ in range(rounds):
        show("x", *(item, item), k=named)
        caught(three, item, item, named)
        many(item, item, more=named, other=1) if rounds < 0 else many(item, item, more=named)
    return sys.getrefcount(item) - before[0], sys.getrefcount(named) - before[1]


print(counts(300))


def changed_meanwhile():
    """The function that is handed on to is another one from some round on."""
    function = show
    results = []

    def wrapper(*args, **kwargs):
        return function("w", *args, **kwargs)

    for i in range(300):
        if i == 250:
            function = lambda *args, **kwargs: ("other", len(args), len(kwargs))  # noqa: E731
        results.append(wrapper(i, k=i))
    return results[249], results[250], results[-1]


print(changed_meanwhile())
