"""Signals reach compiled loops of every kind within a tenth of a second; handlers that raise, return, or look at the frame."""

import itertools
import os
import signal
import sys
import time


def shot(function):
    """Seconds from the signal that another process sends to the exception that ends the loop."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            time.sleep(0.06)
            os.write(writer, repr(time.monotonic()).encode())
            os.kill(os.getppid(), signal.SIGINT)
        finally:
            os._exit(0)
    try:
        function()
    except KeyboardInterrupt as error:
        now, trace = time.monotonic(), error.__traceback__
        while trace.tb_next:
            trace = trace.tb_next
    os.waitpid(child, 0)
    sent = float(os.read(reader, 100))
    os.close(reader)
    os.close(writer)
    return now - sent


def passes():
    while True:
        pass


def counts():
    i = 0
    while True:
        i += 1


def floats():
    x = 0.5
    while x:
        x = x * 1.0000001
        if x > 1e300:
            x = 0.5


def over_an_iterator():
    for _ in itertools.count():
        pass


def over_a_long_range():
    for i in range(10**15):
        x = i & 3  # noqa: F841


def nested():
    while True:
        for i in range(1000):
            for j in range(1000):
                pass


def continues():
    i = 0
    while True:
        i += 1
        if i % 3:
            continue


def guarded():
    while True:
        try:
            continue
        finally:
            pass


def swallows_errors():
    while True:
        try:
            {}[0]
        except Exception:
            pass


def calls():
    def inner(x):
        return x

    while True:
        inner(1)


def recursion():
    def inner(x):
        return inner(x - 1) if x else 0

    while True:
        inner(50)


def methods():
    class Thing:
        def method(self):
            return self

    thing = Thing()
    while True:
        thing = thing.method()


def generator():
    def values():
        while True:
            yield 1

    for _ in values():
        pass


def inside_a_generator():
    def values():
        i = 0
        while True:
            i += 1
        yield i

    next(values())


def delegates():
    def values():
        while True:
            yield

    def outer():
        yield from values()

    for _ in outer():
        pass


def comprehension():
    return [x for x in itertools.count() if x < 0]


def expression():
    return any(x < 0 for x in itertools.count())


def asynchronous():
    async def inner():
        return 1

    async def forever():
        while True:
            await inner()

    forever().send(None)


def module_code():
    # Of a code object: after an interrupted text the process ends as if by the signal.
    exec(compile("i = 0\nwhile True: i += 1", "<module>", "exec"), {})


def class_body():
    class Body:
        i = 0
        while True:
            i += 1


def by_a_callback():
    while True:
        max(range(1000), key=lambda x: -x)


KINDS = [
    passes, counts, floats, over_an_iterator, over_a_long_range, nested, continues, guarded, swallows_errors, calls, recursion, methods,
    generator, inside_a_generator, delegates, comprehension, expression, asynchronous, module_code, class_body, by_a_callback,
]  # fmt: skip
signal.signal(signal.SIGINT, signal.default_int_handler)
for kind in KINDS:
    limit = 0.1 if kind is not comprehension else 0.5  # It frees a list.
    seconds = 1.0
    for _ in range(4):
        seconds = min(seconds, shot(kind))
        if seconds < limit:
            break
    print(kind.__name__, seconds < limit)
    if seconds >= limit:
        print(kind.__name__, seconds, file=sys.stderr)


class Alarm(Exception):
    pass


def handled(n):
    """A handler that raises, in places with handlers of their own."""
    log = []

    def handler(number, frame):
        log.append(frame.f_code.co_name)
        raise Alarm(number)

    signal.signal(signal.SIGALRM, handler)
    for _ in range(n):
        signal.setitimer(signal.ITIMER_REAL, 0.005)
        try:
            try:
                i = 0
                while True:
                    i += 1
            except ValueError:
                log.append("not this")
            finally:
                log.append("finally")
        except Alarm as alarm:
            log.append((alarm.args, alarm.__traceback__.tb_lineno - handled.__code__.co_firstlineno in (13, 14)))
    return log


class Manager:
    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        exits.append(kind.__name__)
        return True


def managed(n):
    for _ in range(n):
        signal.setitimer(signal.ITIMER_REAL, 0.005)
        with Manager():
            while True:
                pass
    return exits


def returning(n):
    """A handler that returns changes what the loop sees; the frame it gets is the loop's."""

    def handler(number, frame):
        seen.append((number, frame.f_code.co_name, sorted(frame.f_locals)))
        frame.f_locals["limit"] = -1

    seen = []
    signal.signal(signal.SIGALRM, handler)
    for _ in range(n):
        limit, i = 10**18, 0
        signal.setitimer(signal.ITIMER_REAL, 0.005)
        while i < limit:
            i += 1
    return seen, limit


exits = []
print(handled(3), managed(3), returning(3))
