"""asyncio as in a crawler or a worker: producers, consumers, queues, locks, a semaphore, timeouts, cancellation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from checking import checked

FULL, SMALL = 1900, 20
EXPECTED = {FULL: (57, 8272588, 5543, 3), SMALL: (0, 81766, 10, 3)}


class Cache:
    def __init__(self) -> None:
        self.values: dict[int, int] = {}
        self.lock = asyncio.Lock()
        self.hits = 0

    async def get(self, key: int) -> int:
        async with self.lock:
            if key in self.values:
                self.hits += 1
                return self.values[key]
            value = await compute(key)
            self.values[key] = value
            return value


async def compute(key: int) -> int:
    await asyncio.sleep(0)
    total = 0
    for number in range(key % 10 + 3):
        total += number * key
    return total


class Pool:
    """Hands out a limited number of connections."""

    def __init__(self, size: int) -> None:
        self.semaphore = asyncio.Semaphore(size)
        self.in_use = 0
        self.most_in_use = 0

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["Pool"]:
        async with self.semaphore:
            self.in_use += 1
            self.most_in_use = max(self.most_in_use, self.in_use)
            try:
                yield self
            finally:
                self.in_use -= 1


async def jobs(count: int, step: int) -> AsyncIterator[int]:
    for number in range(count):
        if number % 16 == 0:
            await asyncio.sleep(0)
        yield number * step % 101


async def produce(queue: asyncio.Queue[int], count: int, step: int) -> None:
    async for job in jobs(count, step):
        await queue.put(job)


async def consume(queue: asyncio.Queue[int], results: asyncio.Queue[tuple[int, int]], cache: Cache, pool: Pool) -> None:
    while True:
        job = await queue.get()
        try:
            async with pool.connection():
                if job == 100:
                    raise LookupError(job)
                await results.put((job, await cache.get(job)))
        except LookupError:
            await results.put((job, -1))
        finally:
            queue.task_done()


async def collect(results: asyncio.Queue[tuple[int, int]], count: int) -> tuple[int, int]:
    failed = total = 0
    for _ in range(count):
        _, value = await results.get()
        if value < 0:
            failed += 1
        else:
            total += value
    return failed, total


async def main(count: int) -> tuple[int, int, int, int]:
    queue: asyncio.Queue[int] = asyncio.Queue(maxsize=20)
    results: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
    cache, pool = Cache(), Pool(3)
    workers = [asyncio.create_task(consume(queue, results, cache, pool)) for _ in range(6)]
    collector = asyncio.create_task(collect(results, count * 3))
    async with asyncio.TaskGroup() as group:
        for step in (7, 11, 13):
            group.create_task(produce(queue, count, step))
    await queue.join()
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    async with asyncio.timeout(60):
        failed, total = await collector
    return failed, total, cache.hits, pool.most_in_use


def run(size: int = FULL) -> tuple[int, ...]:
    return checked(asyncio.run(main(size)), EXPECTED[size])
