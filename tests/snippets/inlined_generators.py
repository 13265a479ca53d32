"""Generators that hot loops go over: what they yield, what is seen of them meanwhile, and how they end."""

import gc
import inspect
import sys
import traceback
import weakref


def counting(n):
    i = 0
    while i < n:
        yield i
        i += 1


def total(items):
    s = 0
    for x in items:
        s = s * 3 + x & 0xFFFF
    return s


def products(a, b):
    for x in a:
        for y in b:
            yield x * y


def twice(n):
    for i in range(n):
        yield i
        yield -i


def pairs(n):
    for i in range(n):
        yield i, i + 1


def first_of_pairs(n):
    s = 0
    for a, b in pairs(n):
        s += a * b
    return s


def squares(items):
    return (x * x for x in items if x % 3)


def pipeline(n):
    s = 0
    for v in (b + 1 for b in (a * 2 for a in range(n)) if b % 4):
        s += v
    return s


for n in (3, 60, 500, 501, 2000):
    print(n, total(counting(n)), total(products(range(n // 8), [1, 2, 3])), total(twice(n)), total(squares(range(n))))
    print(first_of_pairs(n), pipeline(n))


# Numbers that change their type, and grow.
def growing(n):
    x = 1
    for _ in range(n):
        yield x
        x *= 7


def mixed(n):
    for i in range(n):
        yield i if i % 50 else i + 0.5


def sum_of(items):
    s = 0
    for x in items:
        s += x
    return s


print([sum_of(growing(n)) % 1_000_003 for n in (10, 300, 310)], [sum_of(mixed(n)) for n in (10, 300, 310)])


# Errors in the body, with what the frames have then.
def dividing(n, at):
    for i in range(n):
        yield 100 // (at - i)


def guarded(n):
    for i in range(n):
        try:
            yield 10 // (i % 7)
        except ZeroDivisionError:
            yield -1


def consume(items):
    s = 0
    for x in items:
        s += x
    return s


print(consume(guarded(400)))
for at in (5, 200, 390):
    try:
        consume(dividing(400, at))
    except ZeroDivisionError as error:
        for frame, line in traceback.walk_tb(error.__traceback__):
            names = {k: v for k, v in frame.f_locals.items() if isinstance(v, int)} if frame.f_back else {}
            print(frame.f_code.co_name, line - frame.f_code.co_firstlineno, sorted(names.items()))


def caught(n):
    s = 0
    for at in range(n, 0, -n // 4):
        try:
            for x in dividing(n, at - 1):
                s += x
        except ZeroDivisionError:
            s -= 1
    return s


print([caught(n) for n in (40, 400, 404)])


# Somebody looks at the frames, or at the generator, from inside.
def depth():
    frame, names = sys._getframe(1), []
    while frame:
        names.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
        frame = frame.f_back
    return names[:3]


def looking(n, seen):
    for i in range(n):
        if i % 100 == 99:
            seen.append((depth(), i))
        yield i


def look(n):
    seen = []
    s = 0
    for x in looking(n, seen):
        s += x
    return s, seen


print(look(350))


class Holder:
    generator = None


def watched(n, holder, seen):
    for i in range(n):
        if i % 90 == 89:
            g = holder.generator
            seen.append((inspect.getgeneratorstate(g), g.gi_running, g.gi_frame.f_locals["i"]))
        yield i


def watch(n):
    seen, holder = [], Holder()
    holder.generator = g = watched(n, holder, seen)
    s = 0
    for x in g:
        s += x
        if x % 70 == 69:
            seen.append((inspect.getgeneratorstate(g), g.gi_running, g.gi_frame.f_locals["i"]))
        if x % 80 == 79:
            seen.append(next(g))
    seen.append((inspect.getgeneratorstate(g), g.gi_frame))
    return s, seen


print(watch(350))


# The end of an object looks.
class Ending:
    log = []

    def __init__(self, n):
        self.n = n

    def __del__(self):
        if self.n % 75 == 0:
            frame = sys._getframe(1)
            i = frame.f_locals.get("i")
            Ending.log.append((self.n, frame.f_code.co_name, i, frame.f_back.f_code.co_name))


def dropping(n):
    last = None
    for i in range(n):
        last = Ending(i)
        yield i


def drop(n):
    s = 0
    for x in dropping(n):
        s += x
    return s


print(drop(310), Ending.log)


# A generator that is resumed by several, thrown into, closed, left early.
def resumable(n):
    for i in range(n):
        try:
            got = yield i
            if got:
                yield got
        except KeyError:
            yield -5


def resume(n):
    g, s = resumable(n), []
    for x in g:
        if x % 60 == 7:
            s.append(g.send("sent"))
        if x % 60 == 11:
            s.append(g.throw(KeyError))
        if x % 60 == 17:
            s.append(next(g))
    return s


print(resume(200))


def finishing(n, log):
    try:
        for i in range(n):
            yield i
    finally:
        log.append("finished")


def leave_early(n):
    log = []
    s = 0
    for x in finishing(n, log):
        s += x
        if x == n - 3:
            break
    log.append("left")
    return s, log


print([leave_early(n) for n in (10, 300, 310)])


def returning(n):
    for i in range(n):
        yield i
    return "the result"


def delegating(n):
    got = yield from returning(n)
    yield got


print([len([x for x in delegating(n)]) for n in (5, 300)])


def itself(n):
    holder = []

    def body():
        for i in range(n):
            if i == n - 2:
                try:
                    for _ in holder[0]:
                        pass
                except ValueError as error:
                    yield str(error)
            yield i

    holder.append(body())
    out = None
    for x in holder[0]:
        if isinstance(x, str):
            out = x
    return out


print(itself(5), itself(300))


# The end of the generator, and of what it holds.
def with_callback(n):
    log = []
    g = counting(n)
    weakref.finalize(g, log.append, "gone")
    items = [g]
    del g
    for _ in items.pop():
        pass
    return log


print([with_callback(n) for n in (5, 300)])


def collecting(n):
    for i in range(n):
        box = [i]
        box.append(box)
        if i % 100 == 50:
            gc.collect()
        yield len(box)


print([consume(collecting(n)) for n in (5, 300)])


# Generators of several functions at one loop.
def either(n):
    s = 0
    for k in range(n):
        for x in counting(5) if k % 2 else twice(3):
            s += x
    return s


print([either(n) for n in (5, 100, 300)])


# A tool that is switched on meanwhile.
def tracing(n, lines):
    def tool(frame, event, arg):
        if frame.f_code.co_name == "tracing":
            lines.append((event, frame.f_lineno - frame.f_code.co_firstlineno))
        return tool

    for i in range(n):
        if i == n - 2:
            sys.settrace(tool)
        yield i


def traced(n):
    lines = []
    s = 0
    for x in tracing(n, lines):
        s += x
    sys.settrace(None)
    return s, lines


print([traced(n) for n in (5, 300)])


# Deep recursion through generators.
def nested(n):
    if n:
        for x in nested(n - 1):
            yield x + 1
    yield 0


def deepest(n):
    m = 0
    for x in nested(n):
        m = max(m, x)
    return m


print(deepest(60), deepest(120))
try:
    deepest(5000)
except RecursionError as error:
    print(type(error).__name__)


# Cells, defaults, and what changes under the generator's feet.
def closing(n):
    total = 0

    def add(k):
        nonlocal total
        total += k
        return total

    for i in range(n):
        yield add(i)
        total -= 1


print([consume(closing(n)) for n in (5, 300, 301)])


def deleting(n):
    for i in range(n):
        x = i
        yield x
        del x
        if i == n - 1:
            try:
                print(x)
            except UnboundLocalError as error:
                print(error)


print([consume(deleting(n)) for n in (5, 300)])


def writing(n):
    for i in range(n):
        if i % 100 == 60:
            sys._getframe().f_locals["n"] = n
            sys._getframe().f_locals["i"] = 1000
        yield i


print([consume(writing(n)) for n in (5, 300)])


# Generators that the region makes itself.
def shifted(items):
    for x in items:
        yield x + 1


def inner_loops(n):
    s = 0
    for k in range(n):
        for x in shifted([1, 2, k]):
            s += x
        for y in (a * 2 for a in (k, 3)):
            s -= y
    return s


print([inner_loops(n) for n in (5, 300, 301)])
