"""Functions behind wrappers with *args and **kwargs, which compiled code enters without making the tuple and the dict."""

import functools
import sys
import traceback

ROUNDS = 120


def passing(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def counting(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return function(*args, **kwargs)

    wrapper.calls = 0
    return wrapper


def seeing(function):
    def wrapper(first, *others, **named):
        sys._getframe().f_locals
        if first == 100:
            named["b"] = 50
        if first == 101:
            others += (7,)
        return function(first, *others, **named)

    return wrapper


def keeping(kept):
    def decorator(function):
        def wrapper(*args, **kwargs):
            result = function(*args, **kwargs)
            if result % 50 == 3:
                kept.append((args, kwargs))
                kwargs["more"] = len(kept)
            return result

        return wrapper

    return decorator


def switching(first, second):
    function = first

    def wrapper(*args):
        nonlocal function
        if args[0] == ROUNDS - 20:
            function = second
        return function(*args)

    def unbind():
        nonlocal function
        del function

    return wrapper, unbind


@passing
def add(a, b=1):
    return a + b


@counting
@passing
def nested(a, b=1):
    return a - b


@seeing
def seen(a, b=1, *more):
    return a * b + sum(more)


@passing
def looks(a):
    frame = sys._getframe(1)
    return a, sorted(frame.f_locals), frame.f_locals["args"], frame.f_locals["kwargs"], frame.f_code.co_name


@passing
def fails(a, b):
    if a == ROUNDS - 10:
        raise ValueError(a)
    return b


def nothing(*args, **kwargs):
    return len(args) + len(kwargs)


def kinds(a, /, b, *args, c=3, **kwargs):
    return a, b, args, c, kwargs


def some(a, b=2, *args, **kwargs):
    return a, b, args, kwargs


class Base:
    def __init__(self, *args, **kwargs):
        self.args, self.kwargs = args, kwargs

    @passing
    def method(self, x, y=2):
        return x * y

    def __call__(self, *args):
        return len(args)


class Derived(Base):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.more = len(args)

    def __getitem__(self, *keys):
        return keys

    def __add__(self, *others):
        return len(others)


def run(call):
    results = []
    for number in range(ROUNDS):
        results.append(call(number))
    return results[0], results[-1], results[100:103]


def errors(call):
    for number in range(ROUNDS):
        try:
            call(number)
        except (TypeError, ValueError, NameError) as error:
            found = [
                (entry.name, entry.lineno - call.__code__.co_firstlineno)
                for entry in traceback.extract_tb(error.__traceback__)
            ]
            result = number, type(error).__name__, str(error), [name for name, _ in found]
    return result


def totals():
    total = 0
    for i in range(ROUNDS * 2):
        total += add(i) + add(i, 2) + add(i, b=3)
        total += nested(i, 3)
        total += nothing() + nothing(i) + nothing(i, i) + nothing(x=1)
        total += len(some(i)[2]) + len(some(i, 1)[2]) + len(some(i, 1, 2, 3)[2])
    return total, nested.calls


def literal():
    total = 0
    for i in range(ROUNDS):
        kwargs = {}
        kwargs2 = {}
        total += add(*(i, 2), **kwargs) + add(*(i,), **kwargs2)
        if i == ROUNDS - 3:
            kwargs["b"] = 1
        total += len(kwargs)
        kwargs["b"] = i
        total += add(*(i,), **kwargs)
    return total


def main():
    print(totals())
    print(literal())
    print(run(lambda n: seen(n)), errors(lambda n: seen(n, 2)), errors(lambda n: seen(n, 2, 3, 4)))
    print(run(looks))
    print(errors(lambda n: fails(n, 2)))
    print(
        errors(lambda n: add()),
        errors(lambda n: add(1, 2, 3)),
        errors(lambda n: add(1, a=2)),
        errors(lambda n: add(1, z=2)),
    )
    print(run(lambda n: kinds(n, 2)), run(lambda n: kinds(n, 2, 3, c=4, d=5)), errors(lambda n: kinds(a=1, b=2)))
    print(run(lambda n: some(n, 2, 3, x=4)), run(lambda n: some(a=n)), errors(lambda n: some()))
    kept = []
    collect = keeping(kept)(lambda a, b=1: a + b)
    print(run(lambda n: collect(n)), kept)
    wrapper, unbind = switching(lambda a: a, lambda a: -a)
    print(run(wrapper))
    unbind()
    print(errors(wrapper))
    base = Base(1, x=2)
    print(
        run(lambda n: base.method(n)),
        run(lambda n: base.method(n, 3)),
        run(lambda n: base(n, n)),
        base.args,
        base.kwargs,
    )
    derived = Derived(5)
    print(
        run(lambda n: Derived(n, n).more),
        run(lambda n: derived[n]),
        run(lambda n: derived + n),
        run(lambda n: Derived(k=n).kwargs),
    )
    before = sys.getrefcount(base)
    run(lambda n: nothing(base, base) + len(some(base, base, base)) + (add(1) if base else 0))
    print(sys.getrefcount(base) - before)


main()
