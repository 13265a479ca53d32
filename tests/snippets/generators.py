"""Generators and coroutines: every way to drive one, from compiled and from other code."""

import asyncio
import gc
import sys
import types


def count(n):
    for i in range(n):
        yield i


def echo():
    received = []
    while True:
        try:
            got = yield len(received)
            received.append(got)
        except ValueError as error:
            received.append(str(error))
        except GeneratorExit:
            received.append("exit")
            raise


def delegating(n):
    result = yield from count(n)
    back = yield from returning(n)
    yield result, back


def returning(n):
    yield n
    return n * 2


def with_finally(out):
    try:
        yield 1
        yield 2
    finally:
        out.append("closed")


def failing(n):
    for i in range(n):
        yield 10 // (n - 1 - i)


def recursive(n):
    if n:
        yield n
        yield from recursive(n - 1)
        yield -n


def drive(i):
    out = [list(count(i % 7)), sum(count(50)), list(delegating(i % 4)), list(recursive(i % 9))]
    generator = echo()
    out.append(next(generator))
    out.append(generator.send("a"))
    out.append(generator.throw(ValueError("thrown")))
    out.append(generator.gi_frame.f_locals["received"])
    generator.close()
    try:
        next(generator)
    except StopIteration as stop:
        out.append(stop.value)
    closed = []
    generator = with_finally(closed)
    next(generator)
    del generator
    out.append(closed)
    try:
        for value in failing(4):
            out.append(value)
    except ZeroDivisionError as error:
        tb, names = error.__traceback__, []
        while tb:
            names.append((tb.tb_frame.f_code.co_name, tb.tb_lineno))
            tb = tb.tb_next
        out.append(names)
    generator = count(3)
    out.append((generator.gi_running, generator.gi_suspended, next(generator), generator.gi_suspended))
    try:
        generator.send(5) and generator.throw(KeyError("k"))
    except KeyError as error:
        out.append(str(error))
    out.append([x * y for x in count(3) for y in count(x) if x != y])
    out.append(sum(x * x for x in count(20)))
    out.append({x: [y for y in range(x)] for x in range(3)})
    first, *rest = count(4)
    out.append((first, rest, list(zip(count(3), count(2), strict=False)), max(count(5)), 3 in count(5)))
    return out


def reenter():
    def itself():
        yield next(generator)

    generator = itself()
    try:
        next(generator)
    except ValueError as error:
        return str(error)


def stop_inside():
    def raises():
        yield 1
        raise StopIteration(5)

    try:
        list(raises())
    except RuntimeError as error:
        return str(error), type(error.__cause__).__name__


class Awaitable:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        got = yield self.value
        return got, self.value


async def coroutine(n):
    total = []
    for i in range(n):
        total.append(await Awaitable(i))
    return total


async def nested(n):
    return await coroutine(n), await coroutine(1)


@types.coroutine
def old_style():
    got = yield "old"
    return got


async def uses_old():
    return await old_style()


def by_hand(n):
    out = []
    running = nested(n)
    value = None
    try:
        while True:
            value = running.send(value)
            out.append(value)
            value = f"v{value}"
    except StopIteration as stop:
        out.append(stop.value)
    running = uses_old()
    out.append(running.send(None))
    try:
        running.send(3)
    except StopIteration as stop:
        out.append(stop.value)
    return out


async def numbers(n):
    for i in range(n):
        yield i
        await asyncio.sleep(0)


class Context:
    async def __aenter__(self):
        await asyncio.sleep(0)
        return "inside"

    async def __aexit__(self, *exc):
        return exc[0] is ValueError


async def everything(n):
    out = []
    async for number in numbers(n):
        out.append(number)
    out.append([x async for x in numbers(3) if x])
    async with Context() as word:
        out.append(word)
        raise ValueError
    out.append(await asyncio.gather(*(numbers(2).__anext__() for _ in range(3))))
    try:
        async with asyncio.timeout(0.001):
            await asyncio.sleep(10)
    except TimeoutError:
        out.append("timeout")
    async with asyncio.TaskGroup() as tasks:
        made = [tasks.create_task(asyncio.sleep(0, i)) for i in range(3)]
    out.append([task.result() for task in made])
    generator = numbers(5)
    async for number in generator:
        if number == 2:
            break
    await generator.aclose()
    return out


for i in range(70):
    print(drive(i))
    print(by_hand(i % 6))
print(reenter(), stop_inside())
for i in range(5):
    print(asyncio.run(everything(20 + i)))


def abandoned():
    """A generator in a cycle is closed by the collector."""
    out = []

    def generator():
        me = yield
        try:
            yield me
        finally:
            out.append("collected")

    made = generator()
    next(made)
    made.send(made)
    del made
    gc.collect()
    return out


print([abandoned() for _ in range(20)], sys.getrecursionlimit())
