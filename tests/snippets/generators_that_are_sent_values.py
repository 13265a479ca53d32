"""The method `send` of generators and coroutines, which compiled code calls without the interpreter resuming them."""

import sys
import traceback

ROUNDS = 400


def running():
    total = count = 0
    while True:
        value = yield total, count
        total += value
        count += 1


def many(function, *arguments):
    for _ in range(ROUNDS):
        result = function(*arguments)
    return result


def sums(values):
    generator = running()
    next(generator)
    for value in values:
        result = generator.send(value)
    return result


def bound(values):
    generator = running()
    send = generator.send
    send(None)
    return [send(value) for value in values]


print(many(sums, range(9)), many(bound, [1, 2.5, True]), many(sums, [10**20, 1]))


def until(limit):
    seen = []
    while len(seen) < limit:
        seen.append((yield len(seen)))
    return seen if limit != 2 else None


def to_the_end(limit):
    generator, values = until(limit), []
    values.append(generator.send(None))
    try:
        while True:
            values.append(generator.send(len(values) * 1.5))
    except StopIteration as end:
        values.append(end.value)
    try:
        generator.send(1)
    except StopIteration as end:
        values.append(end.value)
    return values


print(many(to_the_end, 3), many(to_the_end, 2))


def too_early():
    try:
        until(1).send(1)
    except TypeError as error:
        return str(error)


print(many(too_early))


class Itself:
    def __init__(self):
        self.generator = self.body()

    def body(self):
        try:
            self.generator.send(None)
        except ValueError as error:
            yield str(error)


print(many(lambda: Itself().generator.send(None)))


def raising():
    value = yield
    while True:
        value = yield 1 / value


def failing(values):
    generator = raising()
    generator.send(None)
    for value in values:
        generator.send(value)


try:
    many(failing, [1, 2])
    failing([1, 0])
except ZeroDivisionError:
    traceback.print_exc(file=sys.stdout)


def passing_on(values):
    def inner():
        got = []
        while True:
            value = yield len(got)
            if value is None:
                return got
            got.append(value)

    def outer():
        result = yield from inner()
        yield result

    generator = outer()
    generator.send(None)
    return [generator.send(value) for value in [*values, None]]


print(many(passing_on, [5, 6]))


class Awaited:
    def __await__(self):
        return (yield self)


async def coroutine(count):
    return [await Awaited() for _ in range(count)]


def driven(count):
    awaiting = coroutine(count)
    try:
        awaiting.send(None)
        for number in range(count):
            awaiting.send(number)
    except StopIteration as end:
        result = end.value
    try:
        awaiting.send(None)
    except RuntimeError as error:
        return result, str(error)


print(many(driven, 4))


def handled():
    """What is handled where it is sent from is not what the generator sees, once it is back."""
    generator = seeing()
    generator.send(None)
    try:
        raise KeyError(1)
    except KeyError:
        seen = generator.send(1)
    return seen, generator.send(2)


def seeing():
    while True:
        yield repr(sys.exception())


print(many(handled))


def traced():
    events = []

    def tracer(frame, event, argument):
        if frame.f_code.co_name == "running":
            events.append((event, frame.f_lineno - running.__code__.co_firstlineno))
        return tracer

    generator = running()
    generator.send(None)
    generator.send(1)
    sys.settrace(tracer)
    generator.send(2)
    sys.settrace(None)
    generator.send(3)
    return events


print(traced())
