"""`sys.setrecursionlimit` in the middle of recursion, lower and higher; how deep each kind of recursion gets."""

import sys


def depth_of(function, *args):
    try:
        function(*args)
    except RecursionError as error:
        count, trace = 0, error.__traceback__
        while trace:
            count, trace = count + 1, trace.tb_next
        return count, str(error)
    return "no error"


def deep(n):
    return deep(n + 1) + 1


def higher(n):
    if n == 50:
        sys.setrecursionlimit(sys.getrecursionlimit() + 100)
    return higher(n + 1)


def lower(n):
    if n == 50:
        sys.setrecursionlimit(sys.getrecursionlimit() - 100)
    return lower(n + 1)


def too_low(n):
    if n == 60:
        try:
            sys.setrecursionlimit(30)
        except RecursionError as error:
            return str(error)
    else:
        return too_low(n + 1)


def caught(n):
    """Goes on after the error, at the bottom, again and again."""
    try:
        return caught(n + 1)
    except RecursionError:
        return n


class Method:
    def method(self):
        return self.method()

    @property
    def property(self):
        return self.property

    def __getattr__(self, name):
        return getattr(self, name + "x")

    def __add__(self, other):
        return self + other

    def __getitem__(self, key):
        return self[key]

    def __call__(self):
        return self()

    def __eq__(self, other):
        return self == other

    def __bool__(self):
        return bool(self)

    def __enter__(self):
        with self:
            pass

    def __exit__(self, *args):
        pass

    __hash__ = None


class Init:
    def __init__(self):
        Init()


class InitArgument:
    def __init__(self, x, y=2):
        self.child = InitArgument(x)


def generator():
    yield from generator()


def consumes():
    for x in consumes():
        yield x


async def coroutine():
    await coroutine()


def starred(*args, **kw):
    return starred(*args, **kw)


def comprehension():
    return [comprehension() for _ in range(1)]


def lambdas():
    return (lambda: lambdas())()


def closure():
    held = 1

    def inner():
        return closure(), held

    return inner()


def through_c(n):
    return list(map(through_c, [n + 1]))


def through_sort(n):
    return sorted([n], key=through_sort)


def partly(n):
    """Deeper at each attempt of a loop."""
    for i in range(3):
        try:
            partly(n + 1)
        except RecursionError:
            if n < 5:
                continue
            raise


thing = Method()
KINDS = [
    lambda: deep(0),
    thing.method,
    lambda: thing.property,
    lambda: thing.attribute,
    lambda: thing + 1,
    lambda: thing[1],
    thing,
    lambda: thing == 1,
    lambda: not thing,
    thing.__enter__,
    lambda: InitArgument(1),
    lambda: list(generator()),
    lambda: list(consumes()),
    lambda: coroutine().send(None),
    lambda: starred(1, a=2),
    comprehension,
    lambdas,
    closure,
    lambda: through_c(0),
    lambda: through_sort(0),
]
import warnings

warnings.simplefilter("ignore")
for limit in (200, 1000, 333):
    sys.setrecursionlimit(limit)
    for repeat in range(3):
        print(limit, [depth_of(kind) for kind in KINDS])
        print(depth_of(higher, 0), sys.getrecursionlimit())
        print(depth_of(lower, 0), sys.getrecursionlimit())
        print(too_low(0), caught(0))
        # Two levels a call but where a chunk of the frame stack ends, which the sizes of frames decide.
        print(abs(depth_of(Init)[0] - limit // 2) < 6)
sys.setrecursionlimit(60)
print(depth_of(partly, 0))
