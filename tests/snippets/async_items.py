"""Asynchronous generators whose items are awaited by compiled code: items, ends, exceptions, `asend`, `athrow`, `aclose`, what is reused, and tools."""

import asyncio
import gc
import sys
import weakref
from contextlib import asynccontextmanager

ROUNDS = 300


async def numbers(n):
    for i in range(n):
        if i % 7 == 3:
            await asyncio.sleep(0)
        yield i * 3 % 5


async def summed(n):
    total = 0
    async for number in numbers(n):
        total += number
    return total, [x async for x in numbers(5)], {x: x async for x in numbers(4) if x}


async def sums():
    return [await summed(n % 9) for n in range(ROUNDS)][-5:]


print(asyncio.run(sums()))


class Wait:
    """Yields what it is told to, and says what was sent."""

    def __init__(self, *values):
        self.values = values

    def __await__(self):
        got = []
        for value in self.values:
            got.append((yield value))
        return got


def drive(coroutine, *sent):
    """What a coroutine yields, and how it ends."""
    yielded = []
    try:
        yielded.append(coroutine.send(None))
        for value in sent:
            yielded.append(coroutine.send(value))
    except StopIteration as end:
        return yielded, "returned", end.value
    except BaseException as error:
        return (
            yielded,
            type(error).__name__,
            str(error),
            type(error.__context__).__name__,
            type(error.__cause__).__name__,
        )
    coroutine.close()
    return yielded, "waits"


async def waiting(n):
    for i in range(n):
        got = await Wait(i, i + 1)
        yield got
        yield (i,)
        yield StopIteration(i)


async def collect(n):
    return [repr(x) async for x in waiting(n)]


for i in range(ROUNDS):
    result = drive(collect(i % 3), *range(10, 30))
print(result)


async def failing(n, what):
    for i in range(n):
        yield i
    raise what


async def until(n, what):
    seen = []
    try:
        async for x in failing(n, what):
            seen.append(x)
    except Exception as error:
        seen.append(repr(error))
        seen.append(repr(error.__cause__))
    return seen


for i in range(ROUNDS):
    for what in (ValueError(i), StopIteration(3), StopAsyncIteration(4), KeyError("k")):
        result = drive(until(i % 4, what))
        if i > ROUNDS - 3:
            print(result)


async def echo():
    got = []
    try:
        while True:
            got.append((yield len(got)))
    except KeyError as error:
        yield "caught", repr(error)
    finally:
        done.append(got)


async def talk(n):
    generator = echo()
    answers = [await generator.asend(None)]
    for i in range(n):
        answers.append(await generator.asend(i))
        answers.append(await anext(generator))
    answers.append(await generator.athrow(KeyError(n)))
    answers.append(await anext(generator, "default"))
    try:
        await anext(generator)
    except StopAsyncIteration as end:
        answers.append(repr(end))
    other = echo()
    try:
        await other.asend(1)
    except TypeError as error:
        answers.append(str(error))
    answers.append(await anext(other))
    await other.aclose()
    return answers


for i in range(ROUNDS):
    done = []
    result = drive(talk(i % 4))
print(result, done)


async def once_more(n):
    generator = numbers(3)
    first = anext(generator)
    answers = [await first]
    try:
        await first
    except RuntimeError as error:
        answers.append(str(error))
    return answers


for i in range(ROUNDS):
    result = drive(once_more(i))
print(result)


async def pausing():
    for i in range(3):
        await Wait("pause")
        yield i


async def two_at_once():
    generator = pausing()
    first, second = anext(generator), anext(generator)
    answers = [first.send(None), generator.ag_running, generator.ag_await is not None]
    try:
        await second
    except RuntimeError as error:
        answers.append(str(error))
    try:
        first.send(1)
    except StopIteration as end:
        answers.append(end.value)
    answers.append(generator.ag_running)
    answers.append(await numbers_seen(generator))
    return answers


async def numbers_seen(generator):
    return [x async for x in generator]


for i in range(ROUNDS):
    result = drive(two_at_once(), "a", "b", "c")
print(result)


async def itself():
    yield 1
    try:
        await anext(here[0])
    except RuntimeError as error:
        yield str(error)


async def through_itself():
    here[:] = [itself()]
    return [x async for x in here[0]]


here = []
for i in range(ROUNDS):
    result = drive(through_itself())
here.clear()
print(result)


@asynccontextmanager
async def entered(n):
    log.append(n)
    try:
        yield n
    except LookupError:
        log.append("caught")
    finally:
        log.append(-n)


async def managed(n):
    async with entered(n) as value:
        if value % 3 == 0:
            raise LookupError(n)
        return value


for i in range(1, ROUNDS):
    log = []
    result = drive(managed(i))
print(result, log)


class Marked:
    pass


async def holding():
    marked = Marked()
    alive.append(weakref.ref(marked))
    while True:
        yield marked
        marked = None
        yield None


async def dropped():
    generator = holding()
    first = await anext(generator)
    del first
    before = alive[-1]() is None
    second = await anext(generator)
    await generator.aclose()
    return before, second, alive[-1]() is None


alive = []
for i in range(ROUNDS):
    result = drive(dropped())
alive.clear()
gc.collect()
print(result)


async def frames():
    for depth in range(3):
        yield [sys._getframe(level).f_code.co_name for level in range(3)]


async def callers():
    return [names async for names in frames()]


for i in range(ROUNDS):
    result = drive(callers())
print(result)


def tracer(frame, event, arg):
    if frame.f_code.co_name in ("switching", "switched"):
        events.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno, str(arg)[:20]))
    return tracer


async def switching(on):
    yield 1
    if on:
        sys.settrace(tracer)
    yield 2
    yield 3


async def switched(on):
    total = 0
    async for x in switching(on):
        total += x
    return total


for i in range(ROUNDS):
    drive(switched(False))
events = []
result = drive(switched(True))
sys.settrace(None)
print(result)
for event in events:
    print(*event)
