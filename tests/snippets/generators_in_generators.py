"""`yield from` and `await`, many in each other: what goes down and up, who is seen in between, and what ends it."""

import gc
import inspect
import sys
import traceback

ROUNDS = 200


class Tree:
    def __init__(self, left, value, right):
        self.left, self.value, self.right = left, value, right

    def __iter__(self):
        if self.left:
            yield from self.left
        yield self.value
        if self.right:
            yield from self.right


def tree(numbers):
    if not numbers:
        return None
    middle = len(numbers) // 2
    return Tree(tree(numbers[:middle]), numbers[middle], tree(numbers[middle + 1 :]))


whole = tree(range(60))
for i in range(ROUNDS):
    in_loop = [x for x in whole]
    in_c = list(whole)
    total = sum(x for x in whole)
print(in_loop == in_c == list(range(60)), total)


def echo(n):
    """At the bottom: says what it was sent."""
    got = []
    for i in range(n):
        try:
            got.append((yield i))
        except KeyError as error:
            got.append(error.args)
    return got


def through(depth, n, log):
    try:
        result = yield from through(depth - 1, n, log) if depth else echo(n)
    except ValueError as error:
        log.append((depth, "caught", str(error)))
        raise
    finally:
        log.append((depth, "left"))
    return [depth, *result]


def drive(depth, n, end):
    log = []
    generator = through(depth, n, log)
    seen = [next(generator)]
    try:
        for k in range(n):
            if end == "throw" and k == 2:
                seen.append(generator.throw(KeyError(k)))
            elif end == "raise" and k == 3:
                generator.throw(ValueError(k))
            elif end == "close" and k == 3:
                generator.close()
                break
            else:
                seen.append(generator.send(f"{k}"))
    except StopIteration as stop:
        seen.append(stop.value)
    except ValueError as error:
        seen.append([(f.name, f.lineno) for f in traceback.extract_tb(error.__traceback__)])
    return seen, log, generator.gi_frame, generator.gi_yieldfrom


for end in ("plain", "throw", "raise", "close"):
    for i in range(ROUNDS):
        result = drive(i % 7, 6, end)
    print(end, result)


def stack_of(generator):
    """The generators that one delegates to, and where each is."""
    found = []
    while generator is not None:
        found.append(
            (
                inspect.getgeneratorstate(generator),
                generator.gi_frame.f_lineno - generator.gi_code.co_firstlineno,
                sorted(generator.gi_frame.f_locals),
                len(gc.get_referents(generator)),
            )
        )
        generator = generator.gi_yieldfrom if inspect.isgenerator(generator.gi_yieldfrom) else None
    return found


def looks(depth, seen):
    """The innermost looks up."""
    held = [depth], depth
    if depth:
        yield from looks(depth - 1, seen)
        yield depth
        yield from [held]
    else:
        for _ in range(3):
            frame, names = sys._getframe(), []
            while frame is not None:
                names.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
                frame = frame.f_back
            seen.append(names)
            gc.collect(0)
            yield len(names)


for i in range(ROUNDS):
    seen = []
    generator = looks(4, seen)
    shown, values = [], []
    for value in generator:
        values.append(value)
        if i == ROUNDS - 1:
            shown.append(stack_of(generator))
print(values, seen)
print(shown)


def shared(n):
    for i in range(n):
        yield i


def taking(source, n):
    for _ in range(n):
        yield next(source)
    return (yield from source)


def of_others(source):
    try:
        yield from taking(source, 1)
    except ValueError as error:
        yield str(error)


def itself():
    yield 0
    yield from running[0]


for i in range(ROUNDS):
    source = shared(9)
    one, other = of_others(source), of_others(source)
    mixed = [next(one), next(other), next(one), next(other), next(source), next(one), list(other), list(one)]
    running = []
    running.append(itself())
    try:
        mixed += list(running[0])
    except ValueError as error:
        mixed.append(str(error))
print(mixed)


def kinds(k):
    yield from (k, k + 1)
    yield from iter(range(2))
    yield from (x for x in "ab")
    yield from map(str, shared(2))
    return (yield from {k: 1})


def all_kinds(k):
    yield (yield from kinds(k))


for i in range(ROUNDS):
    result = list(all_kinds(i))
print(result)


def stops(depth):
    if depth:
        yield from stops(depth - 1)
    else:
        yield 1
        raise StopIteration("no")


def fails(depth, k):
    if depth:
        try:
            yield from fails(depth - 1, k)
        except ZeroDivisionError:
            if depth == 3:
                yield "mended"
            raise
    else:
        yield 1
        yield k // (k - k)


for i in range(ROUNDS):
    outcome = []
    for generator in (stops(4), fails(5, i)):
        try:
            for value in generator:
                outcome.append(value)
        except (RuntimeError, ZeroDivisionError) as error:
            outcome.append((type(error), [f.lineno for f in traceback.extract_tb(error.__traceback__)]))
print(outcome)


class Wait:
    def __await__(self):
        return (yield "waits")


async def down(depth, k):
    if depth:
        return 1 + await down(depth - 1, k)
    total = 0
    for _ in range(3):
        total += await Wait()
    async for x in numbers(k):
        total += x
    return total


async def numbers(k):
    for i in range(k % 3):
        got = await Wait()
        yield got + i


async def listed(k):
    return [await down(d, k) for d in range(4)], [x async for x in numbers(k)]


def run(coroutine):
    sent, count = None, 0
    try:
        while True:
            coroutine.send(sent)
            count += 1
            sent = count
    except StopIteration as stop:
        return stop.value, count


for i in range(ROUNDS):
    result = run(listed(i))
print(result)


def deep(n):
    if n:
        yield from deep(n - 1)
    else:
        yield "bottom"
        yield "again"


limit = sys.getrecursionlimit()
ignored = []
sys.unraisablehook = ignored.append  # Runs no Python code, for which there is no room.
for i in range(30):
    generator = deep(150)
    result = list(generator)
    sys.setrecursionlimit(300)
    tall = deep(250)
    first = next(tall)
    sys.setrecursionlimit(120)
    try:
        second = next(tall)
    except RecursionError as error:
        second = type(error).__name__
    sys.setrecursionlimit(limit)
sys.unraisablehook = sys.__unraisablehook__
print(result, first, second, len(ignored))
ignored.clear()


def handled(depth):
    if depth:
        try:
            raise KeyError(depth)
        except KeyError:
            yield from handled(depth - 1)
            yield sys.exception().args
    else:
        for _ in range(2):
            yield repr(sys.exception())


for i in range(ROUNDS):
    try:
        raise ValueError(i)
    except ValueError:
        result = [(x, repr(sys.exception())) for x in handled(3)]
print(result, sys.exception())

events = []


def trace(frame, event, arg):
    if frame.f_code.co_name == "traced":
        events.append((event, frame.f_lineno - frame.f_code.co_firstlineno, frame.f_locals["depth"], arg))
    return trace


def traced(depth, at):
    if depth:
        yield from traced(depth - 1, at)
    else:
        for i in range(5):
            if i == at:
                sys.settrace(trace)
            yield i


for i in range(ROUNDS):
    events.clear()
    values = []
    for value in traced(3, 2 if i == ROUNDS - 1 else 9):
        values.append(value)
    sys.settrace(None)
print(values, events)
