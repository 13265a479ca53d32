"""Names that are for `**kwargs` in hot loops: the dict that holds them, who sees it, what is changed in it, and calls that hand it on."""

import sys
import traceback

ROUNDS = 400


def shown(work, *args):
    try:
        return work(*args)
    except Exception:
        return traceback.format_exc().replace(__file__, "this file")


def target(a, b=10, *, c=100):
    return a + b * c


def plain(a=0, b=1):
    return a * 10 + b


def passing(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


target, decorated, twice = passing(target), passing(plain), passing(passing(plain))


def named(rounds):
    total = 0
    for index in range(rounds):
        total += decorated(index, b=2) + decorated(a=index, b=3) + twice(b=index) + target(index, c=2)
    return total


print(named(ROUNDS))


# The callee refuses what it is given.
def refused(rounds, **last):
    for index in range(rounds):
        decorated(index, b=2)
    return decorated(1, **last)


print(shown(refused, ROUNDS), refused(ROUNDS, b=7))


def unknown(rounds):
    for index in range(rounds):
        try:
            decorated(index, x=2)
        except TypeError as error:
            text = str(error)
    return text


def given_twice(rounds):
    for index in range(rounds):
        try:
            decorated(index, a=2)
        except TypeError as error:
            text = str(error)
    return text


print(unknown(ROUNDS), given_twice(ROUNDS))


def more(function):
    def wrapper(*args, **kwargs):
        return function(*args, b=5, **kwargs)

    return wrapper


@more
def merged(a, b, **rest):
    return a + b + rest.get("c", 0) + len(rest)


def merges(rounds):
    total = 0
    for index in range(rounds):
        total += merged(index) + merged(index, c=2) + merged(index, c=2, d=3)
    try:
        merged(1, b=3)
    except TypeError as error:
        return total, str(error).rpartition(" ")[2]


print(merges(ROUNDS))


# What is done with the dict itself.
def reads(**kwargs):
    found = (
        kwargs["a"] + len(kwargs) + ("b" in kwargs) + 10 * ("c" in kwargs) + kwargs.get("b", 1) + kwargs.get("x", 1000)
    )
    if kwargs:
        found += sum(kwargs.values())
    return found, list(kwargs), list(kwargs.items())


def reading(rounds):
    for index in range(rounds):
        found = reads(a=index, c=2), reads(b=index, a=1)
    return found


print(reading(ROUNDS))


def missing(**kwargs):
    return kwargs["x"]


def misses(rounds):
    for index in range(rounds):
        try:
            missing(a=index)
        except KeyError as error:
            text = repr(error)
    return text


print(misses(ROUNDS))


def changes(**kwargs):
    kwargs["a"] += 1
    kwargs["new"] = 5
    del kwargs["b"]
    return plain(kwargs.pop("a"), **{"b": kwargs.pop("new")}), kwargs


def changing(rounds):
    for index in range(rounds):
        found = changes(a=index, b=2)
    return found


print(changing(ROUNDS))


def changes_before_passing(function):
    def wrapper(*args, **kwargs):
        if kwargs.get("b") == 390:
            kwargs["b"] = -1000
        seen(kwargs)
        return function(*args, **kwargs)

    return wrapper


def seen(kwargs):
    if kwargs.get("b") == 391:
        kwargs["b"] = -2000
    if kwargs.get("b") == 392:
        del kwargs["b"]


changed = changes_before_passing(plain)


def changed_on_the_way(rounds):
    return sum(changed(1, b=index) for index in range(rounds)), [changed(1, b=index) for index in range(388, 394)]


print(changed_on_the_way(ROUNDS))


# Each call has a dict of its own.
def keeps(**kwargs):
    kept.append(kwargs)
    return kwargs


kept = []


def keeping(rounds):
    for index in range(rounds):
        kept.clear()
        first = keeps(a=index)
        second = keeps(**first)
    return first is second, first == second, kept


print(keeping(ROUNDS))


# Whoever looks at frames sees it.
def looked_at(*args, **kwargs):
    return sys._getframe().f_locals["kwargs"], look(), sys._getframe().f_locals["kwargs"] is kwargs


def look():
    frame = sys._getframe(1)
    frame.f_locals["kwargs"]["seen"] = 1
    return dict(frame.f_locals["kwargs"])


def looking(rounds):
    for index in range(rounds):
        found = looked_at(index, a=index)
    return found


print(looking(ROUNDS))


# What it holds ends with it, in order.
class Tracked:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        log.append(self.name)


log = []


def holds(*args, **kwargs):
    log.append("holds")


def drops(*args, **kwargs):
    kwargs = None
    log.append("dropped")


def ends(rounds):
    for index in range(rounds):
        log.clear()
        holds(Tracked("position"), a=Tracked("a"), b=Tracked("b"))
        log.append("between")
        drops(a=Tracked("a"), b=Tracked("b"))
    return log


print(ends(ROUNDS))


# Exits in the midst: the dict is there, with numbers of the loop.
def raises(index, **kwargs):
    if index == ROUNDS - 1:
        raise ValueError(kwargs)
    return index


def raising(rounds):
    total = 0.5
    for index in range(rounds):
        total += raises(index, whole=index + 1, half=total, text="x")
    return total


print(shown(raising, ROUNDS), shown(raising, ROUNDS - 1))


def positional_only(a, /, **kwargs):
    return a, kwargs


def same_name(rounds):
    for index in range(rounds):
        found = positional_only(index, a=index + 1)
    return found


print(same_name(ROUNDS))


class Options:
    def __init__(self, **options):
        self.options = options

    def __call__(self, *args, **more):
        return len(args) + len(more) + len(self.options)

    def method(self, a, **more):
        return plain(a, **more)


def methods(rounds):
    options, total = Options(x=1, y=2), 0
    for index in range(rounds):
        total += options(1, z=index) + options.method(index, b=4) + Options(x=index).options["x"]
    return total


print(methods(ROUNDS))
