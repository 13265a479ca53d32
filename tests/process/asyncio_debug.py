"""asyncio in debug mode: tasks, cancellation, timeouts, groups, async generators, and who never awaited what."""

import asyncio
import gc
import logging
import sys
import warnings

logging.basicConfig(stream=sys.stdout, format="%(name)s", level=logging.CRITICAL)
warnings.simplefilter("always")
asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())


async def leaf(n):
    await asyncio.sleep(0)
    if n == 13:
        raise ValueError(n)
    return n * 2


async def chain(n):
    return n if n == 0 else 1 + await chain(n - 1)


async def values(n):
    try:
        for i in range(n):
            yield i
            await asyncio.sleep(0)
    finally:
        log.append("closed")


class Manager:
    async def __aenter__(self):
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, kind, value, trace):
        await asyncio.sleep(0)
        log.append(kind and kind.__name__)
        return kind is KeyError


async def managed(n):
    async with Manager():
        async for value in values(n):
            if value == 5:
                raise KeyError(value)
    return [value async for value in values(3) if value], {await leaf(i): i for i in range(3)}


async def forever():
    i = 0
    while True:
        i += 1
        await asyncio.sleep(0)


async def main():
    print(await asyncio.gather(*(leaf(i) for i in range(12))), await chain(30))
    print(await managed(3), await managed(9), log)
    print([repr(r) for r in await asyncio.gather(leaf(13), leaf(1), return_exceptions=True)])
    task = asyncio.create_task(forever())
    for _ in range(300):
        await asyncio.sleep(0)
    stack = [frame.f_code.co_name for frame in task.get_stack()]
    task.cancel("enough")
    try:
        await task
    except asyncio.CancelledError as error:
        print("cancelled", error.args, stack)
    try:
        async with asyncio.timeout(0.02):
            await forever()
    except TimeoutError:
        print("timeout")
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(forever())
            group.create_task(leaf(13))
    except ExceptionGroup as error:
        print(repr(error))
    queue = asyncio.Queue(3)

    async def produce(n):
        for i in range(n):
            await queue.put(i)
        await queue.put(None)

    async def consume():
        total = 0
        while (item := await queue.get()) is not None:
            total += item
        return total

    print(await asyncio.gather(produce(400), consume()))
    context = asyncio.get_running_loop()
    print(await context.run_in_executor(None, sum, range(10)), context.get_debug())
    generator = values(5)
    print(await anext(generator), await generator.asend(None))
    await generator.aclose()
    print(log.count("closed"))


def unawaited():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        leaf(1)
        gc.collect()
    return [str(warning.message).splitlines()[0] for warning in caught]


log = []
for repeat in range(4):
    log.clear()
    asyncio.run(main(), debug=True)
    print(unawaited())
    sys.set_coroutine_origin_tracking_depth(2)
    coroutine = chain(1)
    print([(place[1] > 0, place[2]) for place in coroutine.cr_origin or ()])
    coroutine.close()
    sys.set_coroutine_origin_tracking_depth(0)
