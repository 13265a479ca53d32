"""Calls in hot loops: what may become part of the loop, and what is seen where it can't."""

import sys
import traceback
import warnings

ROUNDS = 400


def add(a, b=10):
    return a + b


def clamp(x, low, high):
    if x < low:
        return low
    if x > high:
        return high
    return x


def twice(x):
    return add(add(x, x), 0)


def reassigns(a, b):
    a = a + 1
    b = a
    a = b * 2
    return a, b


def same(x):
    return x


def none():
    pass


def loops(n):
    total = 0
    for i in range(n):
        if i == 3:
            continue
        total += i
    return total


class Counter:
    step = 1

    def __init__(self, start):
        self.value = start

    def up(self, by=1):
        self.value += by * self.step
        return self

    def get(self):
        return self.value


def make_adder(k):
    def adder(x):
        return x + k

    return adder


def plain():
    total = 0
    for i in range(ROUNDS):
        total = add(total, i)
        total += clamp(i, 5, 100) + twice(i) + add(i)
        none()
    return total


def tuples():
    out = []
    for i in range(ROUNDS):
        out.append(reassigns(i, i))
        out.append(same(i))
        out.append(same(out[-1]))
    return sum(map(hash, map(str, out))) % 1 + len(out), out[-3:]


def methods():
    counter = Counter(0)
    for i in range(ROUNDS):
        counter.up().up(i)
        if counter.get() % 7 == 0:
            counter.value += 1
    return counter.get()


def inner_loops():
    total = 0
    for i in range(ROUNDS):
        total += loops(i % 5)
    return total


def closures():
    adder, total = make_adder(3), 0
    for i in range(ROUNDS):
        total += adder(i)
    return total


def changing_types():
    out = []
    values = [1, 2.5, "x", [1], (2,)]
    for i in range(ROUNDS):
        value = values[i * 5 // ROUNDS]
        out.append(add(value, value))
    return len(out), out[0], out[100], out[200], out[300], out[-1]


def wide():
    total = 1
    for i in range(ROUNDS):
        total = add(total, total) if i % 9 else 1
    return total


def replaced():
    """The function, its code, its defaults and the class change while the loop runs."""
    global add
    out, original, code = [], add, add.__code__
    counter = Counter(0)
    for i in range(ROUNDS):
        out.append(add(i))
        out.append(counter.up().get())
        if i == 200:
            add.__defaults__ = (1000,)
        if i == 250:
            add = lambda a, b=5: a * b  # noqa: E731
        if i == 300:
            add = original
            add.__code__ = (lambda a, b: (a, b)).__code__
        if i == 320:
            Counter.step = 2
        if i == 350:
            Counter.up = lambda self, by=1: self
        if i == 370:
            counter.up = lambda: Counter(i)
    add = original
    add.__code__, add.__defaults__ = code, (10,)
    return out[-300::7]


def fails(x):
    if x == 333:
        raise ValueError("three")
    return 10 // (x - 390 or 1)


def errors():
    out = []
    for start in (0, 334):
        try:
            for i in range(start, ROUNDS):
                out.append(fails(i))
        except ValueError as error:
            frames = traceback.extract_tb(error.__traceback__)
            out.append([(frame.name, frame.lineno, frame.colno) for frame in frames])
    return out[330:340], len(out)


def caught_inside(x):
    try:
        if x % 50 == 0:
            raise KeyError(x)
        return x
    except KeyError as error:
        return error.args[0] // 2


def handlers():
    total = 0
    for i in range(ROUNDS):
        total += caught_inside(i)
    return total


def looks_around(x):
    if x % 100 == 99:
        frame = sys._getframe()
        return [
            frame.f_code.co_name,
            frame.f_lineno,
            sorted(frame.f_locals),
            frame.f_back.f_code.co_name,
            frame.f_back.f_lineno,
            frame.f_back.f_back.f_locals["i"],
            sys.getrefcount(x) > 1,
        ]
    return x


def through(x):
    y = looks_around(x)
    return y


def observers():
    out = []
    for i in range(ROUNDS):
        seen = through(i)
        if isinstance(seen, list):
            out.append(seen)
    return out


def writes_caller(x):
    if x == 300:
        sys._getframe(1).f_locals["i"] = -5
    return x


def written_locals():
    out = []
    for i in range(ROUNDS):
        writes_caller(i)
        if i < 0 or i > 397:
            out.append(i)
    return out


def keeps_frame(x, kept):
    if x % 150 == 0:
        kept.append(sys._getframe())
    x = x + 1
    return x


def kept_frames():
    kept, total = [], 0
    for i in range(ROUNDS):
        total += keeps_frame(i, kept)
    return total, [(frame.f_locals["x"], frame.f_lineno, frame.f_back is None) for frame in kept]


def warns(x):
    if x == 350:
        warnings.warn("here", stacklevel=2)
    return x


def warned():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for i in range(ROUNDS):
            warns(i)
    return [(str(w.message), w.lineno) for w in caught]


def traced_from_inside():
    events = []

    def tracer(frame, event, arg):
        if frame.f_code.co_name in ("add", "clamp"):
            events.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
        return tracer

    def switch(i):
        if i == 350:
            sys.settrace(tracer)
        if i == 352:
            sys.settrace(None)
        return i

    total = 0
    for i in range(ROUNDS):
        total += switch(i)
        total += add(i, 1) + clamp(i, 1, 2)
    return total, events


def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)


def recursion():
    total = 0
    for i in range(ROUNDS):
        total += deep(i % 12)
    limit = sys.getrecursionlimit()
    depth = 0
    try:
        for i in range(1, 10 * limit, 7):
            depth = deep(i)
    except RecursionError as error:
        return total, str(error)
    return total, depth


def unbound(flag):
    if flag:
        value = 1
    return value


def unbound_locals():
    out = []
    for i in range(ROUNDS):
        try:
            out.append(unbound(i != 390))
        except UnboundLocalError as error:
            out.append(str(error))
    return out[385:395]


def keywords(a, b=2, *rest, c=3, **others):
    return a, b, rest, c, sorted(others)


def other_calls():
    out = []
    for i in range(ROUNDS):
        out = [
            keywords(i),
            keywords(i, c=i),
            keywords(i, 1, 2, d=3),
            keywords(*[i, 2], **{"e": 5}),
            len(str(i)),
            add(b=i, a=1),
        ]
    return out


for run in (
    plain,
    tuples,
    methods,
    inner_loops,
    closures,
    changing_types,
    wide,
    replaced,
    errors,
    handlers,
    observers,
    written_locals,
    kept_frames,
    warned,
    traced_from_inside,
    recursion,
    unbound_locals,
    other_calls,
):
    for _ in range(2):
        print(run.__name__, run())


def either(flag):
    if flag:
        return 1000
    return 0


def constants_that_meet():
    # Each way returns a constant of the code: what the sum releases must have been taken.
    before = sys.getrefcount(either.__code__.co_consts[1])
    total = 0
    for index in range(3000):
        total += either(index % 3)
    return total, sys.getrefcount(either.__code__.co_consts[1]) - before


print(constants_that_meet())
