"""Calls of partial objects, with defaults, and with what is collected: by position, by name, spread, and wrong."""

import functools
import sys
import weakref


class Noisy:
    def __init__(self, name, log):
        self.name = name
        self.log = log

    def __del__(self):
        self.log.append(self.name)


def plain(a, b):
    return a, b


def defaults(a, b=2, c=[3], d=None):  # noqa: B006
    return a, b, c, d


def collects(a, *rest, key=4, **named):
    return a, rest, key, sorted(named.items())


def only_rest(*rest):
    return rest


def with_rest(a, b=5, *rest, **named):
    return a, b, rest, named


def fails(a, *rest):
    raise ValueError(a, rest)


class Methods:
    def __init__(self, value=7):
        self.value = value

    def method(self, x, y=8):
        return self.value, x, y

    @functools.lru_cache(maxsize=4)  # noqa: B019
    def cached(self, x, y=9):
        return self.value + x + y

    by_partial = functools.partialmethod(method, 1)

    def __call__(self, *args, **kwargs):
        return self.value, args, kwargs


class Derived(functools.partial):
    def __call__(self, *args, **kwargs):
        return "derived", super().__call__(*args, **kwargs)


class Bare(functools.partial):
    pass


def attempt(function, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return type(error).__name__, str(error)


def with_defaults(n):
    yield defaults(n), defaults(n, 1), defaults(n, 1, 2), defaults(n, 1, 2, 3), defaults(n, d=n)
    yield with_rest(n), with_rest(n, 1), with_rest(n, 1, 2), with_rest(n, 1, 2, x=n), with_rest(n, x=3)
    yield only_rest(), only_rest(n), only_rest(*range(n % 20)), only_rest(n, *[n])
    yield collects(n), collects(n, 1, key=2), collects(n, z=1, y=2)
    yield (
        attempt(plain, n),
        attempt(plain, 1, 2, 3),
        attempt(defaults),
        attempt(with_rest),
        attempt(defaults, 1, 2, 3, 4, 5),
    )
    if n % 50 == 49:
        defaults.__defaults__ = (n,)
        yield attempt(defaults, 1), attempt(defaults, 1, 2, 3)
        defaults.__defaults__ = (2, [3], None)


none = functools.partial(plain)
one = functools.partial(plain, 1)
both = functools.partial(plain, 1, 2)
named = functools.partial(defaults, c=5)
mixed = functools.partial(with_rest, 1, x=2)
nested = functools.partial(functools.partial(collects, 1, p=2), 3, p=4, q=5)
of_method = functools.partial(Methods(3).method, 4)
of_class = functools.partial(Methods, 5)
of_object = functools.partial(Methods(6), 1, k=2)
of_built_in = functools.partial(int, base=2)
of_long = functools.partial(only_rest, *range(11))
derived = Derived(plain, 1)
bare = Bare(plain, 1)
failing = functools.partial(fails, 1)


def partials(n):
    x = {"x": n, "y": [n]}
    y = (n,)
    yield none(n, 1), one(n), both(), named(n), named(n, 1, d=2), mixed(), mixed(n, 3), mixed(x=n)
    yield one(*y), none(*y, 1), mixed(*y), mixed(*y, **x), mixed(**x), named(*y, **{"d": n}), named(n, **{"c": n})
    yield (
        nested(n),
        nested(*y, q=n),
        nested(*y, **x),
        of_method(n),
        of_method(*y),
        of_class().value,
        of_class(*()).value,
    )
    yield (
        of_object(n),
        of_object(*y, **x),
        of_built_in("101"),
        of_built_in(*["11"]),
        of_long(n),
        of_long(n, n),
        of_long(*y, *y),
    )
    yield derived(n), derived(*y), bare(n), bare(*y)
    yield (
        attempt(one),
        attempt(one, 1, 2),
        attempt(both, n),
        attempt(failing),
        attempt(failing, *y),
        attempt(named, n, 1, 2),
    )
    yield attempt(one, **{"b": n}), attempt(one, **{"a": n}), attempt(one, *y, **{"c": n})
    yield Methods().by_partial(), Methods().by_partial(n), Methods().by_partial(y=n)
    changing = functools.partial(with_rest, 1, x=2)
    kept = changing
    first = kept(*y)
    kept.keywords["x"] = n
    kept.keywords["more"] = 1
    second = kept(*y), kept(**{"more": 2})
    kept.__setstate__((plain, (n, n), {}, None))
    yield first, second, kept(), kept(*())


def callee_sees(n):
    """What the callee gets is its own."""
    shared = functools.partial(with_rest, 1, x=[2])
    result = shared(**{"y": 1})
    result[3]["z"] = 3
    yield shared.keywords, shared.args, result
    again = shared(**{})
    again[3].clear()
    yield shared.keywords


def lifetimes(n):
    log = []

    def uses(a, b=None):
        del a, b
        log.append("called")

    held = functools.partial(uses, Noisy("argument", log))
    weakref.finalize(held, log.append, "partial ends")
    held()
    held(*(Noisy("given", log),))
    log.append("before")
    del held
    log.append("after")
    functools.partial(uses, Noisy("short", log))(*())
    log.append("end")
    yield log


def references(n):
    """References to an object without a callback are one; others are not."""

    class Thing:
        pass

    class Slotted:
        __slots__ = ()

    ref = weakref.ref
    thing = Thing()
    a, b, c = ref(thing), ref(thing), ref(thing, lambda _: None)
    yield a is b, a is c, a() is thing, sys.getrefcount(thing) < 6, weakref.getweakrefcount(thing)
    yield ref(Thing())() is None, attempt(ref), attempt(ref, 5), attempt(ref, Slotted()), attempt(ref, thing, None, 1)
    del thing
    yield a() is None, hash(ref(Thing)) == hash(Thing)


def deep(n, rest=None, *more):
    if n == 0:
        return sys._getframe(1).f_code.co_name, rest, more
    return deep_partial(n - 1, *more) if n % 2 else deep(n - 1)


deep_partial = functools.partial(deep)


def recursion(n):
    yield deep(n % 9), deep_partial(n % 7, 1, 2)


def main():
    for test in with_defaults, partials, callee_sees, lifetimes, references, recursion:
        for number in range(120):
            results = list(test(number))
            if number % 40 < 6 or number > 112:
                print(test.__name__, number, results)
    total = Methods()
    for number in range(300):
        total.value = number % 5
        if total.cached(number % 7) < 0:
            print("never")
    print(Methods.cached.cache_info())


main()
