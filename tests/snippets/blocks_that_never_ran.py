"""What had not run when its code was compiled runs later: branches, loops, handlers, generators, with tools and frames looking on."""

import asyncio
import contextlib
import sys
import traceback

WARM = 200


def warm(function, *arguments):
    for _ in range(WARM):
        function(*arguments)


# Branches, with values waiting on the stack.


def chosen(flag, x):
    y = [x, x + 1, (x * 2 if flag == 0 else x.upper() if flag == 1 else [each * 2 for each in x]), len(str(flag))]
    if flag == 2:
        y.append(sum(x))
        y.append({key: value for key, value in enumerate(x)})
    return tuple(y)


def text(flag, x):
    before = f"{x!r:>8}" + (x * 2 if not flag else f"<{x:>{len(x) + 2}}>")
    return before


warm(chosen, 0, 3)
for _ in range(3):
    try:
        print(chosen(2, [1, 2]))
    except TypeError as error:
        print("TypeError", error, error.__traceback__.tb_next.tb_lineno)
print([chosen(0, n) for n in (1, 2.5, 1 << 70)])
warm(text, False, "a")
print(sorted({text(n % 2, "bc") for n in range(300)}))


class Meter:
    """Methods with branches of all sizes."""

    def __init__(self, limit):
        self.limit, self.total, self.log = limit, 0, []

    def add(self, n):
        if n < 0:
            self.log.append(("negative", n, self.total))
            self.total -= n
            return None
        self.total += n
        if self.total > self.limit:
            over, self.total = self.total - self.limit, 0
            self.log.append(("over", over))
            return over
        return self.total


meter = Meter(10_000)
print([meter.add(n) for n in range(141)][-1], [meter.add(n) for n in (50, 1, -5, 7, 9_990, 3, -1)], meter.log)
print(sum(meter.add(n) or 0 for n in range(-300, 9_000, 7)), len(meter.log), meter.log[-1])


# Loops after loops, in loops, in branches.


def loops(n):
    total = 0
    for i in range(n):
        total += i
    real, items = 0.0, [0.0] * 10
    for i in range(n):
        real += i * 0.5
        items[i % 10] = real
        if real > 1e300:
            break
    i = n
    while i > 0:
        i -= 3
        if i == 7:
            continue
        total -= 1
    words = []
    for row in range(n // 100):
        for column in range(row):
            if row == column * 2:
                for letter in "ab":
                    words.append(letter * row)
    else:
        total += 1
    return total, real, items[3], len(words), "".join(words)[-3:]


print(loops(3000), loops(40), loops(1500))


def late_loop(flag, n):
    found = 0
    for i in range(20):
        found += i
    if flag:
        for i in range(n):
            found += i if i % 3 else -1
        for i in range(n):
            found ^= i
    for i in range(20):
        found -= i
    return found


warm(late_loop, False, 0)
print(late_loop(True, 2000), late_loop(True, 3), [late_loop(True, n) for n in range(90)][-1], late_loop(False, 5))


# Handlers.


def handled(mapping, key, otherwise):
    try:
        value = mapping[key]
    except KeyError as error:
        value = otherwise(error.args[0])
    except (TypeError, ValueError) as error:
        value = type(error).__name__, sys.exc_info()[1] is error
        raise RuntimeError(value) from error
    else:
        mapping = None
    finally:
        if key == "seventh":
            print("finally", sys.exc_info()[0])
    return value, mapping is None


def fails(key):
    raise LookupError(key)


warm(handled, {"a": 1}, "a", str)
for key, otherwise in (("b", str), ("c", fails), ([], str), ("seventh", len), ("d", fails)) * 2:
    try:
        print(handled({}, key, otherwise))
    except (LookupError, RuntimeError) as error:
        print(type(error).__name__, error, repr(error.__context__), repr(error.__cause__))
        print([entry.lineno - handled.__code__.co_firstlineno for entry in traceback.extract_tb(error.__traceback__)])
print({handled({}, str(n), str) for n in range(300)} == {(str(n), False) for n in range(300)})


class Manager:
    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        return kind is ZeroDivisionError


def managed(a, b):
    with Manager() as one, Manager():
        value = a / b
        return one is not None, value
    return "swallowed"


warm(managed, 1, 2)
print([managed(1, n % 3) for n in range(6)])
print(sum(managed(1, n % 2) == "swallowed" for n in range(300)))
try:
    managed("a", 1)
except TypeError as error:
    print(error, error.__traceback__.tb_next.tb_lineno - managed.__code__.co_firstlineno)


def only_finally(x, seen):
    try:
        return 10 // x
    finally:
        seen[0] += 1


seen = [0]
warm(only_finally, 3, seen)
for _ in range(120):
    with contextlib.suppress(ZeroDivisionError):
        only_finally(0, seen)
print(seen)


# Generators and coroutines.


def generator(n, log):
    try:
        for i in range(n):
            got = yield i
            if got is not None:
                log.append(got)
                back = yield [got]
                log.append((back, i))
        yield from (letter for letter in "xy" if n > 5)
    except KeyError as error:
        log.append(repr(error))
        yield "handled"
    finally:
        log.append("closed")
    if n > 7:
        yield "long"
    return n


def last_of(n, log):
    result = yield from generator(n, log)
    log.append(result)


for _ in range(WARM):
    list(generator(3, []))
    list(last_of(2, []))
log = []
print(list(generator(6, log)), list(generator(8, log)), list(last_of(8, log)), log)
for n in range(120):
    log = []
    running = last_of(8, log)
    steps = [next(running), running.send("a"), running.send("b"), next(running)]
    if n % 2:
        steps.append(running.throw(KeyError(n)))
        steps.extend(running)
    running.close()
    if n > 117:
        print(steps, log)


async def step(x):
    if x > 100:
        await asyncio.sleep(0)
        return -x
    return x


async def walk(n, start):
    total = 0
    for i in range(n):
        try:
            total += await step(start + i)
        finally:
            if start:
                async with contextlib.AsyncExitStack() as stack:
                    stack.callback(lambda: None)
    return total


print(asyncio.run(walk(300, 0)), asyncio.run(walk(300, 50)), asyncio.run(walk(3, 500)))


# Recursion whose ends come late: all frames wait in code that leaves out what follows.


def depth(n, seen):
    if n == 0:
        seen.append("end")
        return 0
    below = depth(n - 1, seen)
    if below % 2:
        seen.append(below)
        return below + len(seen[:1])
    return below + 1


seen = []
print(depth(800, seen), len(seen), depth(5, seen), len(seen))


def even(n):
    if n > 0:
        return odd(n - 1)
    return (True, sys._getframe().f_back.f_code.co_name)


def odd(n):
    if n > 0:
        return even(n - 1)
    return (False, sys._getframe().f_back.f_lineno - even.__code__.co_firstlineno)


print(even(700), odd(701), even(701), even(300))


# Frames, lines and tools.


def looked_at(flag, x):
    first = x + 1
    if flag:
        frame = sys._getframe()
        here = frame.f_lineno - looked_at.__code__.co_firstlineno
        second = sorted(frame.f_locals)
        frame.f_locals["first"] = "changed"
        return here, second, first, frame.f_locals["x"]
    return first


warm(looked_at, False, 1)
print({str(looked_at(True, n % 1)) for n in range(200)})


def traced(flag, lines):
    total = 0
    for i in range(3):
        total += i
    if flag:
        total += 10
        sys.settrace(lambda frame, event, _: tracer(lines, frame, event))
        sys._getframe().f_trace = lambda frame, event, _: tracer(lines, frame, event)
        total += 20
        for i in range(2):
            total -= i
        sys.settrace(None)
        total += 30
    for i in range(3):
        total += i
    return total


def tracer(lines, frame, event):
    lines.append((event, frame.f_lineno - traced.__code__.co_firstlineno))
    return lambda frame, event, _: tracer(lines, frame, event)


warm(traced, False, [])
for _ in range(3):
    lines = []
    print(traced(True, lines), lines, traced(False, lines))

monitoring = sys.monitoring
monitoring.use_tool_id(3, "test")


def monitored(flag, x):
    if flag:
        monitoring.set_local_events(3, monitored.__code__, monitoring.events.LINE)
        x += 1
        x *= 2
        monitoring.set_local_events(3, monitored.__code__, 0)
        x -= 3
    return x


monitoring.free_tool_id(3)
warm(monitored, False, 1)
for _ in range(3):
    told = []
    monitoring.use_tool_id(3, "test")
    monitoring.register_callback(
        3, monitoring.events.LINE, lambda code, line: told.append(line - monitored.__code__.co_firstlineno)
    )
    print(monitored(True, 5), told)
    monitoring.free_tool_id(3)


# Long code, whose instructions have prefixes.


def long_function(constants):
    body = "\n".join(f"        x += {n + 1000}.5" for n in range(constants))
    source = f"""
def long(flag, n):
    x = 0.0
    for i in range(n):
        x += 1.5
    if flag == 1:
{body}
    while flag == 2:
        if x > 1e7:
            break
{body}
    if flag == 3:
        x = -9876543.25
        x -= 1
    return x
"""
    namespace = {}
    exec(source, namespace)
    return namespace["long"]


long = long_function(300)
for _ in range(WARM):
    long(0, 30)
print([long(flag, n) for n in (1, 400) for flag in (0, 1, 2, 3, 3, 2, 1)])
print(sum(long(n % 4, n) for n in range(200)))

# The module's own loops.
total = 0
for n in range(500):
    total += n
for n in range(500):
    total -= n * 2
    if n == 400:
        for letter in "abc" * 100:
            total += ord(letter)
print(total)
