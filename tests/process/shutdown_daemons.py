"""The end of the process with threads in compiled loops, generators, coroutines and finalizers alive."""

import asyncio
import atexit
import sys
import threading
import time
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


def spins():
    i = 0
    while True:
        i += 1
        loop(10)


def sleeps():
    while True:
        time.sleep(0.001)
        loop(100)


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
for target in (spins, sleeps, spins, spins):
    threading.Thread(target=target, daemon=True).start()
ordinary = threading.Thread(target=lambda: print("joined", loop(200_000)))
ordinary.start()
time.sleep(0.05)
loop(2000)
del ordinary
sys.exit(3)
