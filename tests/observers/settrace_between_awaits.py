"""A trace function set while a coroutine or generator waits for another one sees it go on when C code resumes it."""

import asyncio
import sys


def trace(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        print(event, frame.f_code.co_name, frame.f_lineno, arg[0].__name__ if event == "exception" else arg)
        return trace
    return None


async def waits():
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def main(traced):
    if traced:
        sys._getframe().f_trace = trace
        sys.settrace(trace)
    await waits()
    await asyncio.sleep(0)


def inner():
    yield 1
    yield 2


def outer():
    yield from inner()
    yield 3


def run(traced):
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main(traced))
    sys.settrace(None)
    loop.close()
    for consume in list, sum, next:
        it = outer()
        next(it)
        if traced:
            sys.settrace(trace)
        consume(it)
        sys.settrace(None)


for round in range(60):
    run(False)
for round in range(2):
    run(True)
