"""Built-in functions that go through a generator made for them: the body of the generator is inlined into what the function does."""

import gc
import math
import sys
import traceback
import weakref

ROUNDS = 400
VALUES = list(range(12))
FLOATS = [0.1, 1e16, -1e16, 3.0, -0.0, 2.5, 1e-9]


def many(function, *arguments):
    for _ in range(ROUNDS):
        result = function(*arguments)
    return result


def shown(function, *arguments):
    print(function.__name__, many(function, *arguments))


# What each makes.
def sums(values):
    return sum(x for x in values), sum(x * x for x in values if x & 1), sum(x > 4 for x in values)


def tests(values):
    return (
        any(x > 5 for x in values),
        any(x > 50 for x in values),
        all(x < 50 for x in values),
        all(x < 5 for x in values),
        any(x for x in values),
        all(x for x in values),
        any(str(x)[1:] for x in values),
        all([x] for x in values),
        any(x * 0.0 for x in values),
    )


def containers(values):
    return (
        list(x + 1 for x in values),
        tuple(-x for x in values),
        sorted(set(x % 5 for x in values)),
        sorted(-x for x in values),
        ",".join(str(x) for x in values),
        sorted(((x % 3, x) for x in values)),
        sorted(set((x % 3, str(x % 2)) for x in values)),
    )


def nothing(values):
    return (
        sum(x for x in values),
        any(x for x in values),
        all(x for x in values),
        list(x for x in values),
        tuple(x for x in values),
        set(x for x in values),
        sorted(x for x in values),
        "".join(x for x in values),
    )


for function in (sums, tests, containers):
    for values in (VALUES, tuple(VALUES), range(12), VALUES[:1]):
        shown(function, values)
for values in ([], (), range(0), "", {}):
    shown(nothing, values)


# Sums of floats lose nothing by rounding, and keep signs, infinities and NaNs.
def sum_of_floats(values):
    return sum(x for x in values)


for values in (
    FLOATS,
    FLOATS * 3,
    [-0.0],
    [-0.0, -0.0],
    [0.1] * 10,
    [1e308, 1e308, -1e308],
    [1e308, 1e308, float("-inf")],
    [float("inf"), 1.0, 2.0],
    [float("nan"), 1.0],
    [1e16, 1.0, -1e16],
    [1.5, 2, 3.5],
    [1, 2.5, 3],
    [0.5, 2**70, 0.5],
    [True, 0.5, True],
    [1, 2**62, 2**62, 2**62, 0.1],
    [2**63 - 1, 1, -1, 0.1, 0.2],
    [-(2**63), -1],
    [1, 1j, 2.5],
    [0.1, 0.2, 1j, 0.3],
):
    print(repr(many(sum_of_floats, values)))


# Items change their types on the way.
class Number:
    def __init__(self, n):
        self.n = n

    def __radd__(self, other):
        return Number(other + self.n if not isinstance(other, Number) else other.n + self.n)

    __add__ = __radd__

    def __bool__(self):
        calls.append(self.n)
        return self.n > 3

    def __hash__(self):
        calls.append("hash")
        return self.n

    def __eq__(self, other):
        calls.append("eq")
        return self.n == getattr(other, "n", other)


calls = []


def changing(values):
    total = sum(x for x in values)
    return total.n if isinstance(total, Number) else total


def truths(values):
    calls.clear()
    found = any(x for x in values), all(x for x in values)
    return found, calls[:]


def kinds(values):
    calls.clear()
    return len(set(x for x in values)), calls[:]


for values in (VALUES, [1, 2, Number(3), 4], [1.5, Number(2), Number(1)], VALUES, FLOATS):
    shown(changing, values)
for values in (VALUES, [0, "", Number(3), 4, Number(7)], [False, None, [], ()], [True, Number(4), Number(2)]):
    shown(truths, values)
for values in (
    VALUES,
    [1, Number(1), 2, Number(2), Number(1)],
    ["a", "b", "a"],
    [1, 1.0, True, (1, 2), (1, 2), (1, (2,))],
):
    shown(kinds, values)


# Exceptions: from the generator, from what goes through it, with the entries of tracebacks.
def lines(error):
    return [(f.name, f.line) for f in traceback.extract_tb(error.__traceback__)]


def inverse(x):
    return 1 / x


def failing(values):
    try:
        return sum(1 / x for x in values)
    except ZeroDivisionError as error:
        return lines(error)


def failing_deeper(values):
    try:
        return list(inverse(x) for x in values)
    except ZeroDivisionError as error:
        return lines(error), error.__context__


def failing_function(values):
    try:
        return sum(x for x in values)
    except TypeError as error:
        return lines(error), str(error)


def failing_join(values):
    try:
        return "".join(x for x in values)
    except TypeError as error:
        return lines(error), str(error)


def failing_sort(values):
    try:
        return sorted(x for x in values)
    except TypeError as error:
        return lines(error), str(error)


def failing_hash(values):
    try:
        return len(set(x for x in values))
    except TypeError as error:
        return lines(error), str(error)


def stopping(values):
    try:
        return tuple(next(iter(())) if x == 5 else x for x in values)
    except RuntimeError as error:
        return lines(error), str(error), type(error.__cause__)


for values in ([1, 2, 4], [1, 2, 0, 4], [0]):
    shown(failing, values)
    shown(failing_deeper, values)
for values in (["a", "b"], [1, "b"], [1.5, "b"], [1, 2]):
    shown(failing_function, values)
    shown(failing_join, values)
    shown(failing_sort, values)
for values in ([1, 2], [1, []], [[], 1]):
    shown(failing_hash, values)
shown(stopping, [1, 2])
shown(stopping, VALUES)


# Where it stops early the generator is closed.
log = []


def logging(values):
    try:
        for x in values:
            yield x > 2
    except GeneratorExit:
        log.append("closed")
        raise
    finally:
        log.append("done")


def stopped(values):
    log.clear()
    found = any(logging(values))
    return found, log[:]


for values in (VALUES, [1, 2], []):
    shown(stopped, values)


def counting(values, step=1):
    n = 0
    for x in values:
        n += step
        yield n
    yield -n


def several_yields(values):
    yield 1
    for x in values:
        yield x
        if x == 3:
            yield 100
            continue
    yield 1000


def of_functions(values):
    return (
        sum(counting(values)),
        list(counting(values, 2)),
        tuple(several_yields(values)),
        max(several_yields(values)),
        sorted(several_yields(values)),
        sum(several_yields(values)),
    )


shown(of_functions, VALUES)
shown(of_functions, [])


# What somebody sees from inside.
def frames():
    names = []
    frame = sys._getframe(1)
    while frame:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names


def looked_at(values):
    seen = []
    return sum(seen.append((frames()[:3], sys._getframe().f_locals["x"])) or x for x in values), seen


def kept_frame(values):
    kept = []
    total = sum((kept.append(sys._getframe()) or x) for x in values)
    return (
        total,
        [frame.f_code.co_name for frame in kept[:1]],
        len({id(frame) for frame in kept}),
        kept[0].f_locals.get("x"),
    )


def moved_on(values):
    """The iterator is taken on by somebody else."""
    iterator = iter(values)
    return list((x, next(iterator, None)) for x in iterator)


def grown(values):
    values = values[:]
    return list(values.append(x) or x for x in values if len(values) < 30)


def shrunk(values):
    values = values[:]
    return list((values.pop(), x) for x in values)


for function in (looked_at, kept_frame, moved_on, grown, shrunk):
    shown(function, VALUES)


# Variables of the functions around, which change.
def closures(values):
    factor = 1

    def scale():
        nonlocal factor
        factor += 1
        return factor

    return [
        sum(x * factor for x in values),
        list(x * scale() for x in values),
        factor,
        tuple(values[i] for i in range(3)),
    ]


shown(closures, VALUES)


def nested(values):
    return sum(sum(x * y for y in values) for x in values), list(tuple(y for y in range(x)) for x in range(4))


shown(nested, VALUES)


def recursive(n):
    return 1 + sum(recursive(n - 1) for _ in (1, 2)) if n else 1


print(many(recursive, 4))


def deep(n):
    return 1 + sum(deep(n - 1) for _ in (1,)) if n else 0


print(deep(300), many(deep, 20))


def limit():
    """How deep it goes: a generator and the function are two levels."""
    reached = 0

    def down(n):
        nonlocal reached
        reached = n
        return sum(down(n + 1) for _ in (1,))

    try:
        down(0)
    except RecursionError:
        pass
    return reached


before = limit()
many(deep, 20)
print(before == limit() > 400)


# Sizes, tracking, references, finalizers.
def sizes(values):
    return [sys.getsizeof(list(x for x in range(n))) for n in range(20)], sys.getsizeof(sorted(x for x in values))


shown(sizes, VALUES)


class Held:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        ended.append(self.name)


ended = []


def held(n):
    ended.clear()
    kept = list(Held(i) for i in range(n))
    ended.append("made")
    del kept
    ended.append("dropped")
    any(Held(i).name > 1 for i in range(n))
    ended.append("found")
    return ended[:]


shown(held, 3)


def weak(n):
    class Item:
        pass

    items = [Item() for _ in range(n)]
    references = list(weakref.ref(item) for item in items)
    counts = [sys.getrefcount(item) for item in items]
    del items, item_counts[:]
    return counts, [reference() for reference in references], gc.is_tracked(references)


item_counts = []
shown(weak, 3)


def same_objects(values):
    return all(a is b for a, b in zip(list(x for x in values), values))


shown(same_objects, [object() for _ in range(5)])


# Other functions under the same names.
def shadowed(values):
    sum = max
    return sum(x for x in values)


def replaced(values):
    return sum(x for x in values), any(x > 100 for x in values)


shown(shadowed, VALUES)
shown(replaced, VALUES)
sum = min
shown(replaced, VALUES)
del sum
shown(replaced, VALUES)


# Tracing from inside.
def traced(values):
    events = []

    def tracer(frame, event, arg):
        events.append((frame.f_code.co_name, event))
        return tracer

    def begin(x):
        if x == 3:
            sys.settrace(tracer)
        return x

    total = sum(begin(x) for x in values)
    sys.settrace(None)
    return total, len(events), events[:6], events[-3:]


shown(traced, VALUES)
print(math.isclose(sum_of_floats([0.1] * 10), 1.0))
