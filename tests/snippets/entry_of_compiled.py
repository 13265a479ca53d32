"""Compiled functions called by interpreted code and by C: arguments, what becomes of them, and every way in which a call ends."""

import functools
import gc
import sys

gc.disable()
log = []


def never(function):
    try:
        import whipsnake
    except ImportError:
        return function
    return whipsnake.never(function)


class D:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        log.append(self.name)


def add(x, y):
    return x + y


def drops(x):
    """The argument dies here if the caller hands it over."""
    log.append("in")
    x = None
    log.append("out")


def keeps(x, y=D("default")):
    return [x]


def locals_too(a, b):
    c = a
    if b:
        d = c
    return sys._getframe().f_locals.keys()


def raises(x):
    raise ValueError(x)


def generator(x):
    yield x
    return x


async def coroutine(x):
    return x


class C:
    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        return self.value < other.value

    def __eq__(self, other):
        return self.value == other.value

    def __hash__(self):
        return hash(self.value)

    def method(self, x):
        return self.value + x

    def drops(self, x):
        log.append("in")
        x = None
        log.append("out")


def key(item):
    return -item


def none():
    return None


@never
def interpreted(r):
    out = []
    out.append(add(r, 1))
    out.append(none())
    drops(D("a"))
    out.append(len(keeps(D("b"))))
    out.append(sorted(locals_too(1, r % 2)))
    try:
        raises(r)
    except ValueError as error:
        out.append((error.args, error.__traceback__.tb_next.tb_frame.f_code.co_name))
    out.append(list(generator(r)))
    try:
        coroutine(r).send(None)
    except StopIteration as stop:
        out.append(stop.value)
    c = C(r)
    out.append(c.method(1))
    c.drops(D("c"))
    bound = c.drops
    bound(D("d"))
    C.drops(c, D("e"))
    for wrong in (lambda: add(1), lambda: add(1, 2, 3), lambda: add(1, z=2), lambda: none(1)):
        try:
            wrong()
        except TypeError as error:
            out.append(str(error))
    out.append(add(y=1, x=r))
    out.append(add(*(r, 2)))
    return out


@never
def from_c(r):
    items = [3, 1, 2, r]
    out = [
        sorted(items, key=key),
        list(map(add, items, items)),
        functools.reduce(add, items),
        functools.partial(add, r)(1),
        sorted([C(i) for i in items])[0].value,
        C(r) in [C(1), C(r)],
        {C(1): 1}.get(C(1)),
        list(map(C(r).method, items)),
    ]
    for _ in map(drops, [D("f")]):
        pass
    try:
        list(map(raises, items))
    except ValueError as error:
        out.append(error.args)
    return out


for r in range(160):
    results = interpreted(r), from_c(r)
    if r % 53 == 0:
        print(results)
        print(log)
    log.clear()


def deep(n):
    return n and max(map(deep, [n - 1])) + 1


def down(n):
    return down(n + 1)


@never
def start():
    down(0)


for _ in range(200):
    deep(3)
for _ in range(20):
    try:
        start()
    except RecursionError as error:
        message = str(error)
print(message, deep(50))


# A function that gets other code, defaults, or a tool in the middle.
def changing(x):
    return x


@never
def call_changing(x):
    return changing(x)


for r in range(200):
    call_changing(r)
changing.__code__ = (lambda x: (x, "new")).__code__
print(call_changing(1))

events = []


def profiled(x):
    sys.setprofile(lambda frame, event, arg: events.append((event, frame.f_code.co_name)))
    return add(x, x)


@never
def call_profiled():
    profiled(1)
    sys.setprofile(None)


def quiet(x):
    return add(x, x)


for r in range(200):
    quiet(r)
    call_profiled()
print(len(events), events[-4:])
