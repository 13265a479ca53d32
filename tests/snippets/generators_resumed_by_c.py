"""Generators and coroutines that C functions resume: what they yield, return and raise, and what they can see while they run."""

import asyncio
import collections
import functools
import itertools
import sys
import traceback

ROUNDS = 300


def numbers(n):
    for i in range(n):
        yield i * 3 % 7


def consumers(n):
    made = [
        any(x > 5 for x in numbers(n)),
        all(x < 7 for x in numbers(n)),
        sum(x for x in numbers(n)),
        min((x for x in numbers(n)), default=None),
        max((x for x in numbers(n)), default=None),
        list(x + 1 for x in numbers(n)),
        tuple(x + 1 for x in numbers(n)),
        sorted(set(x for x in numbers(n))),
        dict((x, i) for i, x in enumerate(numbers(n))),
        ",".join(str(x) for x in numbers(n)),
        bytes(x for x in numbers(n)),
        sorted((-x for x in numbers(n)), key=abs),
        list(zip((x for x in numbers(n)), numbers(n + 1))),
        list(map(lambda x: x * 2, numbers(n))),
        list(filter(None, numbers(n))),
        list(itertools.islice(numbers(n), 1, None, 2)),
        list(itertools.chain.from_iterable(numbers(k) for k in range(n))),
        collections.deque((x for x in numbers(n)), maxlen=3),
        collections.Counter(x for x in numbers(n)),
        functools.reduce(lambda a, b: a * 2 + b, numbers(n), 1),
        3 in numbers(n),
        [*numbers(n)],
        list(iter(numbers(n))),
        list(enumerate(x for x in numbers(n))),
    ]
    first, *rest = numbers(n + 1)
    return made, first, rest


for i in range(ROUNDS):
    result = consumers(i % 9)
print(result)


def returning(n):
    try:
        yield from range(n)
    finally:
        done.append(n)
    return "returned", n


done = []
for i in range(ROUNDS):
    generator = returning(2)
    got = []
    while True:
        try:
            got.append(next(generator))
        except StopIteration as end:
            got.append(end.value)
            break
    got.append(next(generator, "nothing more"))
print(got, len(done))


def raising(n):
    for i in range(n):
        if i == 3:
            raise KeyError(i)
        yield i


def stopping(n):
    yield n
    raise StopIteration(n)


for i in range(ROUNDS):
    for broken in (raising(9), stopping(1)):
        try:
            list(x for x in broken)
        except (KeyError, RuntimeError) as error:
            text = traceback.format_exc()
            if i == ROUNDS - 1:
                print(text, repr(error.__cause__))


def reentrant():
    try:
        next(myself)
    except ValueError as error:
        yield str(error)
    yield myself.gi_running, myself.gi_frame.f_lineno, myself.gi_yieldfrom


for i in range(ROUNDS):
    myself = reentrant()
    seen = list(myself)
print(seen, myself.gi_frame, myself.gi_running)


def inspected():
    received = yield sys._getframe().f_back.f_lineno, sys._getframe(1).f_code.co_name
    yield received, sys.exception() is None
    try:
        raise ValueError("inside")
    except ValueError:
        yield str(sys.exception())
    yield sys.exception() is None


def inspect(handling):
    generator = inspected()
    if not handling:
        return [*generator], sys.exception()
    try:
        raise TypeError("outside")
    except TypeError:
        made = [next(generator), next(generator), str(sys.exception()), *generator, str(sys.exception())]
    return made


for i in range(ROUNDS):
    result = inspect(False), inspect(True)
print(result)


def states():
    generator = (x for x in [1, 2, 3])
    seen = [(generator.gi_frame.f_lasti, generator.gi_suspended)]
    for _ in range(3):
        next(generator)
        seen.append((generator.gi_frame.f_lasti, generator.gi_suspended, generator.gi_frame.f_back))
    seen.append(next(generator, None))
    return seen


for i in range(ROUNDS):
    result = states()
print(result)


def closing():
    try:
        while True:
            yield 1
    except GeneratorExit:
        done.append("closed")
        raise
    except OSError as error:
        yield str(error)


for i in range(ROUNDS):
    done.clear()
    generator = closing()
    result = [next(generator), next(generator)]
    if i % 2:
        result.append(generator.throw(OSError("thrown")))
    generator.close()
    result.append(next(generator, "ended"))
print(result, done)


def echo():
    got = None
    while got != "stop":
        got = yield got


for i in range(ROUNDS):
    generator = echo()
    result = [next(generator), generator.send(1), next(generator), generator.send(2)]
    try:
        generator.send("stop")
    except StopIteration:
        result.append("stopped")
print(result)
try:
    echo().send(1)
except TypeError as error:
    print(error)


def nested(depth):
    yield depth
    if depth:
        yield sum(x for x in nested(depth - 1))


for i in range(ROUNDS):
    result = list(nested(5))
print(result)


def too_deep(n=0):
    yield n
    yield from list(too_deep(n + 1))


for i in range(5):
    try:
        list(too_deep())
    except RecursionError as error:
        print(str(error).split(" while")[0].split(" in ")[0])


class Awaitable:
    def __await__(self):
        return (yield self)


async def leaf(i):
    if i % 5 == 0:
        await asyncio.sleep(0)
    if i == 77:
        raise LookupError(i)
    return i


async def branch(n):
    total = 0
    for i in range(n):
        try:
            total += await leaf(i)
        except LookupError as error:
            total += len(traceback.extract_tb(error.__traceback__))
    return total


async def tasks():
    return await asyncio.gather(*(branch(i) for i in range(70, 100)))


print(asyncio.run(tasks()))


async def sends():
    return [await Awaitable() for _ in range(3)]


for i in range(ROUNDS):
    coroutine = sends()
    try:
        value = None
        while True:
            coroutine.send(value)
            value = i
    except StopIteration as end:
        result = end.value
print(result)
try:
    coroutine.send(None)
except RuntimeError as error:
    print(error)


def switched_on():
    for i in range(6):
        if i == 3:
            sys.settrace(trace)
        yield i


def trace(frame, event, arg):
    if frame.f_code.co_name in ("switched_on", "<genexpr>"):
        events.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
    return trace


for i in range(ROUNDS):
    events = []
    total = sum(x for x in switched_on())
    sys.settrace(None)
print(total, events)
