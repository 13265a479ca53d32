"""Functions in variables that hot loops call, and functions with cells: cells that change, are empty, or belong to other functions of the same code."""

import sys
import traceback

ROUNDS = 400


def shown(work, *args):
    try:
        return work(*args)
    except Exception:
        return traceback.format_exc().replace(__file__, "this file")


def adder(n):
    def inner(x, y=2):
        return x + y + n

    return inner


def apply(function, rounds):
    total = 0
    for index in range(rounds):
        total += function(index)
    return total


print(apply(adder(3), ROUNDS), apply(adder(4.5), ROUNDS), apply(adder(10**20), ROUNDS), apply(abs, ROUNDS))
print(apply(lambda x: x * 2, ROUNDS), apply(str.__len__ and (lambda x, *more: len(more)), ROUNDS))


def in_turn(functions, rounds):
    total = 0
    for index in range(rounds):
        function = functions[index % len(functions)]
        total += function(index)
    return total


print(in_turn([adder(1), adder(2), lambda x: -x, abs], ROUNDS))


def with_names(function, rounds):
    total = 0
    for index in range(rounds):
        total += function(x=index, y=1)
    return total


print(with_names(adder(5), ROUNDS), shown(with_names, lambda x: x, 3))


# Defaults and code of the function change in the midst of the loop.
def changing(function, rounds):
    total = 0
    for index in range(rounds):
        if index == rounds - 100:
            function.__defaults__ = (1000,)
        if index == rounds - 50:
            function.__code__ = adder(1).__code__.replace(co_consts=adder(1).__code__.co_consts)
        total += function(index)
    return total


print(changing(adder(1), ROUNDS))


# Cells that the loop shares with functions.
def counter():
    count = 0

    def step(by=1):
        nonlocal count
        count += by
        return count

    return step


def steps(rounds):
    step, other = counter(), counter()
    for index in range(rounds):
        step()
        if index % 3 == 0:
            other(index)
    return step(0), other(0)


print(steps(ROUNDS))


def own_cells(rounds):
    total = 0

    def add(x):
        nonlocal total
        total += x

    for index in range(rounds):
        add(index)
    return total


print(own_cells(ROUNDS))


def makes(a, b):
    c = a * 2

    def inner(x):
        return x + a + b + c

    a += 1
    return inner


def makes_often(rounds):
    total, kept = 0, []
    for index in range(rounds):
        inner = makes(index, b=1.5)
        total += inner(2)
        if index % 100 == 0:
            kept.append(inner)
    return total, [inner(0) for inner in kept], [inner.__closure__[0].cell_contents for inner in kept]


print(makes_often(ROUNDS))


# A cell that is empty, and is filled again.
def empties(rounds):
    value = 1

    def get():
        return value

    def clear():
        nonlocal value
        del value

    seen = []
    for index in range(rounds):
        if index == rounds - 50:
            clear()
        try:
            get()
        except NameError as error:
            seen.append(str(error))
            value = index
    return seen, get()


print(empties(ROUNDS))


def unbound(rounds):
    def helper(flag):
        if flag:
            late = 1

        def inner():
            return late

        return inner()

    for index in range(rounds):
        helper(index < rounds - 1)


print(shown(unbound, ROUNDS))


# One code, several functions: what their cells hold is not the same.
def decorate(function):
    def wrapper(*args):
        return function(*args)

    return wrapper


@decorate
def first(x):
    return x + 1


@decorate
def second(x):
    return x * 2


def wrapped(rounds):
    total = 0
    for index in range(rounds):
        total += first(index) + second(index)
    for function in [first, second] * 100:
        total += function(3)
    return total


print(wrapped(ROUNDS))


def exchanged(rounds):
    total = 0
    for index in range(rounds):
        if index == rounds - 30:
            first.__closure__[0].cell_contents = abs
        if index == rounds - 20:
            first.__closure__[0].cell_contents = lambda x: x * 100
        total += first(index)
    return total


print(exchanged(ROUNDS))


# Whoever looks at frames sees the cells' contents.
def looking(rounds):
    def inner(x):
        held = x

        def get():
            return held

        frame = sys._getframe()
        return frame.f_locals["held"], frame.f_locals["get"]() + frame.f_back.f_locals["index"]

    for index in range(rounds):
        found = inner(index)
    return found


print(looking(ROUNDS))


class Tracked:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        log.append(self.name)


log = []


def ends(rounds):
    def holder(tracked):
        def get():
            return tracked

        return get().name

    for index in range(rounds):
        log.clear()
        holder(Tracked(index))
        log.append("end of round")
    return log


print(ends(ROUNDS))


class Handlers:
    def __init__(self):
        self.handler = lambda x: x + 1

    def run(self, rounds):
        total = 0
        for index in range(rounds):
            total += self.handler(index)
            if index == rounds - 10:
                self.handler = lambda x: -x
        return total


print(Handlers().run(ROUNDS))


# A function that calls what it was given, again and again with other functions.
def fold(function, items):
    total = 0
    for item in items:
        total = function(total, item)
    return total


print([fold(function, range(60)) for function in [lambda a, b: a + b, max, lambda a, b: a - b] * 30][-3:])
