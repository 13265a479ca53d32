"""Calls with fewer arguments than parameters: defaults that are changed, taken away or too few, methods, generators, recursion, and references."""

import gc
import sys

ROUNDS = 400


def plain(a, b, c=3, d=4):
    e = f = None
    return a, b, c, d, e, f


def all_of_them(a=1, b=2, c=3, d=4, e=5):
    return a, b, c, d, e


def one_of_many(a, b, c, d, e, f, g, h=[]):
    x = y = z = 0
    return a, b, c, d, e, f, g, h, x, y, z


def only_keywords(a, b=2, *, c=3):
    return a, b, c


def rest(a, b=2, *more):
    return a, b, more


def numbers(n, step=2):
    while n > 0:
        yield n
        n -= step


def nested(n, add=1):
    def inner(x, plus=add):
        return x + plus

    return inner(n)


def countdown(n, by=1, seen=()):
    return len(seen) if n <= 0 else countdown(n - by, by, (*seen, n))


class Thing:
    def __init__(self, size=7, name="thing"):
        self.size, self.name = size, name

    def method(self, a, b=20, c=30):
        return self.size, a, b, c

    @staticmethod
    def static(a, b=2):
        return a, b

    @classmethod
    def of_class(cls, a=1, b=2):
        return cls.__name__, a, b

    def __call__(self, a, b="b"):
        return self.name, a, b


def walk(x, memo=None, _nil=[], deep=None):
    memo = {} if memo is None else memo
    walker = {int: walk_int, list: walk_list, dict: walk_dict}.get(type(x))
    return walker(x, memo)


def walk_int(x, memo):
    return x + 1


def walk_list(x, memo, walk=walk):
    return [walk(y, memo) for y in x]


def walk_dict(x, memo, walk=walk):
    return {walk(key, memo): walk(value, memo) for key, value in x.items()}


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def functions(k):
    thing = Thing()
    method, bound_class = thing.method, Thing.of_class
    table = [plain, all_of_them, one_of_many, only_keywords, rest, nested, method, bound_class, thing, Thing.static]
    out = []
    for function in table:
        for act in (
            lambda: function(),
            lambda: function(k),
            lambda: function(k, "b"),
            lambda: function(k, "b", 5),
            lambda: function(k, 2, 3, 4),
            lambda: function(1, 2, 3, 4, 5, 6, 7),
            lambda: function(1, 2, 3, 4, 5, 6, 7, 8, 9),
        ):
            out.append(attempt(act))
    return out


expected = functions(0)
for k in range(ROUNDS // 4):
    assert functions(0) == expected
print(expected)
print(walk([1, [2, 3], {4: [5, {6: 7}]}]), [walk([k, [k], {k: k}]) for k in range(ROUNDS)][-1])
print(
    list(numbers(9)), list(numbers(3, 1)), sum(sum(numbers(k)) for k in range(ROUNDS)), countdown(20), countdown(40, 3)
)
print([(thing.size, thing.name) for thing in (Thing(), Thing(1), Thing(1, "x"))])


def caller(function, k):
    return function(k, 1), function(k, 1, 2), function(k, b=5)


for k in range(ROUNDS):
    result = caller(plain, k)
print(result)
# Defaults are the function's own, as they are when it is called.
plain.__defaults__ = ("new c", "new d")
print(caller(plain, 1))
plain.__defaults__ = (0, "one more", "c", "d")
print(caller(plain, 1), attempt(plain), attempt(lambda: plain(1)))
plain.__defaults__ = ("d only",)
print(attempt(caller, plain, 1))
plain.__defaults__ = None
print(attempt(caller, plain, 1), attempt(lambda: plain(1, 2, 3, 4)))
plain.__defaults__ = ()
print(attempt(caller, plain, 1))
plain.__defaults__ = (3, 4)
print(caller(plain, 1))


class Default:
    alive = 0

    def __init__(self):
        Default.alive += 1

    def __del__(self):
        Default.alive -= 1


def with_default(a, b=Default(), c=Default()):
    if a == "drop":
        with_default.__defaults__ = (1, 2)
        return Default.alive, type(b).__name__
    if a == "assign":
        b = c = None
    return b is c


def call_with_default(k):
    return with_default(k), with_default(k, k), with_default("assign")


counts = [sys.getrefcount(default) for default in with_default.__defaults__]
for k in range(ROUNDS):
    call_with_default(k)
print(counts == [sys.getrefcount(default) for default in with_default.__defaults__], Default.alive)
print(with_default("drop"), gc.collect() * 0, Default.alive)


def raising(a, b=0):
    return a / b


def lines(function):
    try:
        function(1)
    except ZeroDivisionError as error:
        traceback, out = error.__traceback__, []
        while traceback:
            out.append(
                (traceback.tb_lineno - traceback.tb_frame.f_code.co_firstlineno, traceback.tb_frame.f_code.co_name)
            )
            traceback = traceback.tb_next
        return out


for _ in range(ROUNDS):
    said = lines(raising)
print(said)

calls = []
sys.setprofile(lambda frame, event, arg: calls.append((event, frame.f_code.co_name)) if event == "call" else None)
caller(plain, 3)
sys.setprofile(None)
print(calls)
