"""The end of the process with generators, coroutines, cycles and finalizers alive."""

import asyncio
import atexit
import sys
import threading
import weakref


def loop(n):
    total = 0
    for i in range(n):
        total += i
    return total


def values():
    try:
        while True:
            yield loop(50)
    finally:
        print("generator closed", loop(100))


async def waits():
    try:
        while True:
            await Forever()
    finally:
        print("coroutine closed", loop(100))


class Forever:
    def __await__(self):
        yield


class Late:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("late", self.name, loop(100), sys is None)


def at_end():
    print("at exit", loop(1000), next(generator))


class AtThreadEnd(threading.local):
    def __init__(self):
        self.late = Late("of a thread")


for i in range(120):
    loop(20)
generator, coroutine, kept = values(), waits(), Late("global")
cycle = Late("in a cycle")
cycle.self = cycle
for _ in range(100):
    next(generator)
    coroutine.send(None)
local = AtThreadEnd()
atexit.register(at_end)
weakref.finalize(kept, print, "finalize")
ordinary = threading.Thread(target=lambda: print("joined", loop(200_000)))
ordinary.start()
loop(2000)
del ordinary
sys.exit(3)
