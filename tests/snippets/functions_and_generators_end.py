"""Functions and generators that live for one call: what they are when made, and what happens where they end."""

import gc
import sys
import tracemalloc
import types
import weakref

ROUNDS = 300
ended = []


class Noted:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        ended.append(self.name)


def described(function):
    return (
        function.__name__,
        function.__qualname__,
        function.__module__,
        function.__doc__,
        function.__defaults__,
        function.__kwdefaults__,
        function.__annotations__,
        function.__type_params__,
        function.__dict__,
        function.__closure__ and [cell.cell_contents for cell in function.__closure__],
        function.__globals__ is globals(),
        function.__builtins__ is vars(__import__("builtins")),
        gc.is_tracked(function),
        sys.getrefcount(function),
    )


def makers(n):
    def documented(a, b=n, *, c: int = n) -> int:
        """Says so."""
        return a + b + c

    def generic[T](x: T) -> T:
        return x

    made = [lambda: n, lambda: "text", lambda x=n: x, documented, generic]
    made[0].note = n
    return [described(f) for f in made], made[0](), made[1](), documented(1)


for i in range(ROUNDS):
    result = makers(i)
print(result)


def names_of_functions(name):
    global __name__
    before = (lambda: 0).__module__
    usual, __name__ = __name__, name
    between = (lambda: 0).__module__
    del __name__
    without = (lambda: 0).__module__
    __name__ = usual
    return before, between, without, (lambda: 0).__module__


for i in range(ROUNDS):
    result = names_of_functions(f"name {i}")
print(result)


def with_other_builtins(k):
    global __builtins__
    usual = __builtins__
    if k % 50 == 0:
        __builtins__ = {"len": lambda x: "other"}
    try:
        function = lambda x: len(x)
        return function([1]), function.__builtins__ is __builtins__
    finally:
        __builtins__ = usual


results = {with_other_builtins(i) for i in range(ROUNDS)}
print(sorted(results, key=str))


def closure(k):
    held = Noted(k)
    return (lambda: held), (held.name for _ in range(2))


for i in range(ROUNDS):
    ended.clear()
    function, generator = closure(i)
    first = function().name
    del function
    so_far = list(ended)
    values = list(generator)
    after = list(ended)
    del generator
print(first, so_far, values, after, ended)


def cycle(k):
    held = Noted(k)

    def itself(depth):
        return itself(depth - 1) if depth else held.name

    return itself(2)


gc.disable()
ended.clear()
for i in range(ROUNDS):
    cycle(i)
print(len(ended), gc.collect() > ROUNDS, len(ended), sorted(ended) == list(range(ROUNDS)))
gc.enable()


def weakly(k):
    function = lambda: k
    generator = (x for x in (k,))
    seen = []
    references = [weakref.ref(function, lambda r: seen.append("function"))]
    references.append(weakref.ref(generator, lambda r: seen.append("generator")))
    alive = [r() is not None for r in references]
    values = sum(generator)
    del function
    first = list(seen)
    del generator
    return alive, values, first, seen, [r() for r in references]


for i in range(ROUNDS):
    result = weakly(i)
print(result)


def left_early(k):
    def body():
        held = Noted(k)
        try:
            yield 1
            yield 2
        finally:
            ended.append("closed")

    found = any(x == 1 for x in body())
    started = next(body())
    body()
    return found, started


for i in range(ROUNDS):
    ended.clear()
    result = left_early(i)
print(result, ended)


class Keeps:
    """Keeps the generator that ends with it."""

    def __init__(self, into):
        self.into = into

    def __del__(self):
        self.into.append(sys._getframe(1).f_code.co_name)


def shown(k, into):
    values = (x for x in [Keeps(into)])
    for value in values:
        del value
        break
    function = (lambda keeps: lambda: keeps)(Keeps(into))
    del function
    return sum(1 for _ in iter([Keeps(into)]))


for i in range(ROUNDS):
    into = []
    result = shown(i, into)
print(result, into)


def handling(n):
    try:
        raise KeyError(n)
    except KeyError:
        yield sys.exception().args
    yield sys.exception()


for i in range(ROUNDS):
    try:
        raise ValueError(i)
    except ValueError:
        made = handling(i)
        result = next(made), [str(x) for x in made], made.gi_frame, made.gi_code.co_name, made.__name__
print(result)


def kept_frames(k):
    frames = []

    def body():
        frames.append(sys._getframe())
        yield k

    total = sum(body())
    return (
        total,
        frames[0].f_code.co_name,
        sorted(frames[0].f_locals),
        [x for x in gc.get_referents(body) if isinstance(x, tuple)],
    )


for i in range(ROUNDS):
    result = kept_frames(i)
print(result[:3], [[cell.cell_contents for cell in cells][1] for cells in result[3]])


async def awaited(k):
    return k


async def awaiting(k):
    total = 0
    for x in range(3):
        total += await awaited(x + k)
    return total


def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value


for i in range(ROUNDS):
    if i == ROUNDS // 2:
        sys.set_coroutine_origin_tracking_depth(1)
    coroutine = awaiting(i)
    origin = coroutine.cr_origin
    result = run(coroutine)
sys.set_coroutine_origin_tracking_depth(0)
print(result, origin[0][2], coroutine.cr_frame)


def renamed(k):
    function = lambda: (yield k)
    function.__name__ = function.__qualname__ = f"renamed {k}"
    made = function()
    function.__code__ = (lambda: k).__code__
    return made.__name__, made.__qualname__, list(made), isinstance(made, types.GeneratorType)


for i in range(ROUNDS):
    result = renamed(i)
print(result)


def traced(k):
    return sum(x for x in range(k)), (lambda: k)()


for i in range(ROUNDS):
    if i == ROUNDS // 2:
        tracemalloc.start()
    result = traced(i)
    if i == ROUNDS // 2 + 20:
        tracemalloc.stop()
print(result)

before = len(gc.get_objects())
for i in range(ROUNDS):
    traced(9)
print(len(gc.get_objects()) - before < 20, gc.isenabled())
gc.collect()


def iterators(k):
    ended.clear()
    made = [iter([k, k]), iter((k, k)), iter([]), iter(())]
    first = [next(it, None) for it in made]
    hints = [it.__length_hint__() for it in made]
    reduced = [it.__reduce__()[1:] for it in made]
    rest = [list(it) for it in made]
    after = [(it.__length_hint__(), next(it, "end")) for it in made]
    made[0].__setstate__(0)
    for held in [Noted("of a list")]:
        del held
    for held in (Noted("of a tuple"), Noted("left")):
        seen = list(ended)
        break
    del held
    growing = [1]
    for x in growing:
        if x < 5:
            growing.append(x + 1)
    return first, hints, reduced, rest, after, seen, ended, growing, [gc.is_tracked(it) for it in made]


for i in range(ROUNDS):
    result = iterators(i)
print(result)
