"""Calls in every form, and their errors."""

import functools


def plain(a, b=2, *args, c=3, d, **kw):
    return a, b, args, c, d, sorted(kw.items())


def positional_only(a, b=5, /, c=6):
    return a, b, c


def star(*args, **kw):
    return args, kw


def defaults(a, b=[], c={}):  # noqa: B006
    b.append(a)
    return len(b), c


def attempt(function, *args, **kw):
    try:
        return function(*args, **kw)
    except TypeError as error:
        return str(error)


def errors(n):
    out = []
    for i in range(n):
        for act in (
            lambda: plain(),
            lambda: plain(1),
            lambda: plain(1, d=2, e=3),
            lambda: plain(1, a=2, d=3),
            lambda: positional_only(a=1),
            lambda: positional_only(1, 2, 3, 4),
            lambda: positional_only(),
            lambda: star(*5),
            lambda: star(**5),
            lambda: star(**{1: 2}),
            lambda: plain(*(1, 2), **{"d": i}, **{"d": 3}),
            lambda: (5)(),
            lambda: None(),
            lambda: len(),
            lambda: len(1, 2),
            lambda: int("x", base=99),
            lambda: Made(),
            lambda: Made(1, 2, 3),
            lambda: Made(1).double(1),
        ):
            try:
                out.append(act())
            except Exception as error:
                out.append(f"{type(error).__name__}: {error}")
    return out


class Made:
    def __init__(self, a, b=10):
        self.a, self.b = a, b

    def double(self):
        return self.a * 2

    def __call__(self, *args, **kw):
        return self.a, args, kw


class WithNew:
    def __new__(cls, *args):
        self = super().__new__(cls)
        self.args = args
        return self


class BadInit:
    def __init__(self):
        return 5


def forms(n):
    out = []
    bound = Made(4).double
    partial = functools.partial(plain, 1, d=9)
    for i in range(n):
        out.append(plain(i, d=1))
        out.append(plain(i, 2, 3, 4, c=5, d=6, e=7, f=8))
        out.append(plain(*range(i % 6 + 1), d=0, **{"z": i}))
        out.append(positional_only(i))
        out.append(positional_only(i, 1, c=2))
        out.append(star(*[i], *(2, 3), x=1, **{"y": 2}))
        out.append((Made(i).double(), Made(b=i, a=2).b, Made(i)(i, k=i), bound(), WithNew(i, 2).args))
        out.append((partial(), partial(5), attempt(BadInit)))
        out.append((len([1, i]), isinstance(i, int), max(i, 3), str(i), tuple([i]), type(i), list(map(str, [i]))))
        out.append(defaults(i))
        out.append((lambda x, y=i: x + y)(1))
    return out


def counter():
    count = 0

    def step(by=1):
        nonlocal count
        count += by
        return count

    return step


def closures(n):
    out = []
    steps = [counter() for _ in range(3)]
    for i in range(n):
        out.append([step(i) for step in steps])

    def late():
        return unset

    try:
        late()
    except NameError as error:
        out.append(str(error))
    unset = 1
    out.append(late())
    del unset
    try:
        late()
    except NameError as error:
        out.append(str(error))
    return out


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


def changed_function(n):
    def target(x):
        return x + 1

    def other(x, y=100):
        return x + y

    out = []
    for i in range(n):
        out.append(target(i))
        if i == n // 3:
            target.__code__ = other.__code__
            target.__defaults__ = (50,)
        if i == n // 2:
            target.__defaults__ = (70,)
    return out


for _ in range(3):
    print(errors(10))
    print(forms(60))
    print(closures(30))
print(fibonacci(16), even(201), even(400))
print(changed_function(300))
