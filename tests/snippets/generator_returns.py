"""Generators and coroutines that return to code that consumes them: what dies then, who sees which frame, what is being handled."""

import gc
import sys

gc.disable()
log = []


class Tracer:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        handled = sys.exception()
        log.append((self.name, frame.f_code.co_name, type(handled).__name__))


def inner(n):
    held = Tracer(f"inner {n}")
    yield n
    return held.name


def outer(n):
    held = Tracer("outer")
    got = yield from inner(n)
    yield got
    del held
    return [got]


def consume(n):
    return list(each(n))


def each(n):
    for value in outer(n):
        yield value


def handles(n):
    try:
        raise KeyError(n)
    except KeyError:
        yield n
        return n


def in_handler(n):
    try:
        raise ValueError(n)
    except ValueError as error:
        values = [value for value in loop(handles(n))]
        return values, type(sys.exception()).__name__, error.args


def loop(values):
    for value in values:
        yield value
    yield type(sys.exception()).__name__


kept = []


def keeps_frame(n):
    local = n + 1
    kept.append(sys._getframe())
    yield local
    return local


def held_frames(n):
    kept.clear()
    total = sum([value for value in loop_plain(keeps_frame(n))])
    frame = kept.pop()
    # Later patch releases of 3.13 forget it when the generator ends.
    back = frame.f_back and frame.f_back.f_code.co_name
    return total, back, frame.f_code.co_name, frame.f_locals.get("local", "gone")


def loop_plain(values):
    for value in values:
        yield value


async def leaf(n):
    held = Tracer("leaf")
    return n, held.name


async def middle(n):
    first = await leaf(n)
    try:
        return [first, await fails(n)]
    except LookupError as error:
        return [first, error.args, await leaf(n + 1)]


async def fails(n):
    held = Tracer("fails")
    if n % 3:
        raise LookupError(held.name, n)
    return n


def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value


class Restarts:
    """Ends with the generator that it belongs to, and runs another one meanwhile."""

    def __del__(self):
        log.append(("restarted", list(loop_plain(keeps_nothing(2)))))


def keeps_nothing(n):
    yield from range(n)
    return n


def restarting(n):
    held = Restarts()
    yield n
    return held is None


def depth(n):
    """Each level of recursion is given back."""
    if n:
        yield from depth(n - 1)
    yield n


for r in range(130):
    results = [
        consume(r),
        in_handler(r),
        held_frames(r),
        run(middle(r)),
        list(loop_plain(restarting(r))),
        sum(depth(20)),
    ]
    if r % 43 == 0:
        print(results)
        print(log)
    log.clear()


def limit(n):
    yield from limit(n + 1) if n else iter(())


for r in range(30):
    try:
        list(limit(1))
    except RecursionError as error:
        message = str(error)
print(message)


# A tool that the end of a local variable switches on.
class Switch:
    def __del__(self):
        sys.setprofile(lambda frame, event, arg: events.append((event, frame.f_code.co_name)))


events = []


def switching(n):
    held = Switch() if n else None
    yield n
    return held is None


def watched(n):
    for value in switching(n):
        pass
    helper(value)
    return value


def helper(value):
    return value


for r in range(200):
    watched(0)
watched(1)
sys.setprofile(None)
print(events)
