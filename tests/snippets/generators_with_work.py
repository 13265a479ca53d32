"""Generators whose loops do real work between their `yield`s: the loop is a region, which is left with each item and entered again for the next."""

import gc
import itertools
import sys


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y


class Loud:
    def __init__(self, log, name):
        self.log, self.name = log, name

    def __del__(self):
        self.log.append(self.name)


def moving(points):
    px = py = 0
    for p in points:
        d = (p.x - px) ** 2 + (p.y - py) ** 2
        px, py = p.x, p.y
        d = d * 3 - px * 2 + py
        yield d


def windows(values, n):
    total = 0.0
    for i, x in enumerate(values):
        total += x * 2.0 - x * 0.5
        if i >= n:
            total -= values[i - n]
        if i >= n - 1:
            yield total / n


def pairs(values):
    previous = 0
    for i, x in enumerate(values):
        smoothed = (previous * 7 + x * 9 + i) // 16
        rest = (previous * 7 + x * 9 + i) % 16
        previous = smoothed
        yield i, (smoothed, rest)


def collatz(first, last):
    for i in range(first, last):
        n = i
        length = 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            length += 1
        yield length


def growing(start, count):
    value = start
    for i in range(count):
        value = value * 3 + i - (value >> 2) + (i & 3) * 5
        other = value - i * 7
        yield other - value + i
        yield value


def answering(count):
    total = 0
    scale = 1
    for i in range(count):
        total = total + i * scale - (i & 7) * 3 + (i >> 2)
        total = total % 1_000_003
        sent = yield total
        if sent is not None:
            scale = sent


def guarded(count, log):
    total = 0
    for i in range(count):
        try:
            total = total + i * 3 - (i & 7) * 3 + (i >> 2) - (i & 1)
            total = total % 1_000_003
            yield total
        except ValueError as error:
            log.append((i, str(error), repr(error.__context__)))
            yield -total
        finally:
            if i % 50 == 0:
                log.append(("finally", i))


def with_objects(log, count):
    kept = None
    for i in range(count):
        number = i * 5 + (i & 3) * 7 - (i >> 1) + 11 - (i & 1)
        if i % 400 == 399:
            kept = Loud(log, i)
        yield number
    yield kept is None


def mixed(values):
    total = 0
    for i, x in enumerate(values):
        total = total + x * 2 - x + (i & 1) - (i & 3)
        difference = total - x
        yield total - difference


def dividing(values):
    total = 1
    for i, x in enumerate(values):
        total = total * 3 + i - (total >> 1) + (i & 3)
        total = total & 0xFFFF
        yield total // x


def seen(count, looks):
    total = 0
    for i in range(count):
        total = total + i * 3 - (i & 7) * 3 + (i >> 2) - (i & 1)
        total = total & 0xFFFFF
        if i in looks:
            looks[i](sys._getframe())
        yield total


def count_of(items):
    n = 0
    for _ in items:
        n += 1
    return n


def total_of(generator):
    total = 0
    try:
        while True:
            total += next(generator)
    except StopIteration as stop:
        return total, stop.value


def consumers(i):
    points = [Point((i * 7 + j) % 13, j % 7) for j in range(300)]
    values = [float((i + j) % 17) for j in range(300)]
    numbers = [(i + j) % 101 for j in range(300)]
    out = [list(moving(points))[-3:], max(windows(values, 5)), count_of(windows(values, 3))]
    out.append(total_of(moving(points)))
    out.append(list(zip(moving(points), windows(values, 4)))[-2:])
    out.append(dict(pairs(numbers))[77])
    out.append(sorted(pairs(numbers), key=lambda pair: pair[1])[-1])
    out.append(sum(collatz(1, 60)))
    out.append(list(itertools.islice(growing(i, 80), 150))[-2:])
    out.append(",".join(map(str, collatz(1, 20))))
    out.append(set(filter(None, pairs(numbers[:9]))) == set(pairs(numbers[:9])))
    return out


def driven(i):
    generator = answering(400)
    out = [next(generator)]
    for j in range(200):
        out.append(generator.send(j if j % 3 == 0 else None))
    out.append(sum(out) % 9973)
    try:
        generator.throw(KeyError("out"))
    except KeyError as error:
        out.append((str(error), generator.gi_frame, generator.gi_running))
    out.append(next(generator, "ended"))
    log = []
    generator = guarded(300, log)
    for j in range(120):
        out.append(next(generator))
        if j % 25 == 24:
            out.append(generator.throw(ValueError(j)))
    generator.close()
    generator.close()
    return out[-20:], log, next(generator, None)


def finalized(i):
    log = []
    generator = with_objects(log, 1000)
    out = [sum(itertools.islice(generator, 900)), list(log)]
    del generator
    out.append(list(log))
    cycle = [with_objects(log, 2000)]
    total_before = sum(itertools.islice(cycle[0], 1500))
    cycle.append(cycle)
    out.append((total_before, cycle[0].gi_frame.f_locals["i"], cycle[0].gi_frame.f_locals["number"]))
    del cycle
    gc.collect()
    out.append(log)
    return out


def types_change(i):
    numbers = list(range(400))
    out = [list(mixed(numbers))[-1], sum(mixed(numbers + [0.5, 1.5])), sum(mixed(numbers + [1 << 70, -(1 << 70)]))]
    try:
        list(mixed(numbers + ["text"]))
    except TypeError as error:
        out.append(
            (str(error), error.__traceback__.tb_next.tb_frame.f_locals["i"], error.__traceback__.tb_next.tb_lineno)
        )
    generator = dividing(numbers[1:] + [0, 5])
    taken = []
    try:
        for item in generator:
            taken.append(item)
    except ZeroDivisionError as error:
        out.append((len(taken), taken[-1], str(error), error.__traceback__.tb_next.tb_frame.f_locals["total"]))
    out.append((next(generator, None), generator.gi_frame))
    big = list(growing(1 << (20 + i % 3), 120))
    out.append((big[-1], big[-2], len(big)))
    return out


def looked_at(i):
    out = []
    frames = []

    def reads(frame):
        out.append((frame.f_locals["total"], frame.f_locals["i"], frame.f_lineno))

    def writes(frame):
        frame.f_locals["total"] = 5
        frames.append(frame)

    def running(frame):
        out.append((generator.gi_running, generator.gi_suspended, generator.gi_frame is frame))

    generator = seen(400, {150: reads, 200: writes, 250: reads, 300: running, 350: writes})
    for index, item in enumerate(generator):
        if index % 50 == 0:
            frame = generator.gi_frame
            out.append((item, frame.f_locals["i"], frame.f_locals["total"], frame.f_back, generator.gi_suspended))
    out.append(frames[0].f_locals["i"])
    return out


def traced(i):
    events = []

    def trace(frame, event, arg):
        if frame.f_code.co_name in ("moving", "answering"):
            events.append((event, frame.f_lineno - frame.f_code.co_firstlineno))
            return trace
        return None

    generator = answering(400)
    total = sum(itertools.islice(generator, 200))
    old = sys.gettrace()
    sys.settrace(trace)
    try:
        total += next(generator) + next(generator)
    finally:
        sys.settrace(old)
    total += sum(itertools.islice(generator, 100))
    return total, events


def reentered():
    def inner(count):
        total = 0
        for i in range(count):
            total = total + i * 3 - (i & 7) * 3 + (i >> 2) - (i & 1)
            total = total & 0xFFFFF
            if i == 300:
                try:
                    next(generator)
                except ValueError as error:
                    yield str(error)
            yield total

    generator = inner(400)
    return list(generator)[298:304]


def main():
    for i in range(6):
        print(consumers(i))
        print(driven(i))
        print(finalized(i))
        print(types_change(i))
        print(looked_at(i))
        print(traced(i))
    print(reentered())


main()
