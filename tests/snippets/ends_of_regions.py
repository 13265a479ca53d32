"""Short loops that run often: what they leave behind at their normal end, at a `break`, a `return`, and when something unusual comes."""

import gc
import sys

gc.disable()


def often(f, *args, times=300):
    result = None
    for _ in range(times):
        result = f(*args)
    return result


def numbers(values):
    total, product, last, same = 0, 1.0, None, None
    for value in values:
        total += value
        product *= 1.5
        last = same = product
    return total, product, last, same, last is same


print(often(numbers, [1, 2, 3]), often(numbers, [4] * 20), numbers([]))
print(numbers([1.5, True, 2]), numbers([2**70, 1]))


def while_loop(limit):
    i, wide = 0, 2**40
    while i < limit:
        i += 1
        wide += i
    return i, wide


print(often(while_loop, 7), while_loop(0), while_loop(2.5))


def found(values, wanted):
    for index, value in enumerate(values):
        if value == wanted:
            return index, value
    else:
        return "none"


print(often(found, [3, 5, 7, 9], 9), often(found, [3, 5, 7], 4), found("abc", "c"))


def first(values, wanted):
    for value in values:
        if value == wanted:
            return value
    return None


print(often(first, list(range(30)), 29), often(first, [1.5, 2.5], 2.5), first(["a"], "b"))


def broken_off(values):
    seen = []
    for value in values:
        seen = [value, seen[:1]]
        if value > 3:
            break
    else:
        seen = None
    return value, seen


print(often(broken_off, [1, 2, 3, 4, 5]), often(broken_off, [1, 2]))


def counts(thing):
    for _ in range(5):
        other = thing
        pair = (thing, other)
    return sys.getrefcount(thing)


thing = object()
before = sys.getrefcount(thing)
print(often(counts, thing) - before, sys.getrefcount(thing) - before)
small = sys.getrefcount(None) == sys.getrefcount(True)
print(small)


class Noted:
    ended = []

    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        Noted.ended.append((self.name, sorted(frame.f_locals) if frame.f_code.co_name == "replaced" else None))


def replaced(times):
    a, b, c, d, e, f = 1, 2.5, "c", [], (), None
    for number in range(times):
        kept = Noted(number)
        a += number
        b *= 1.25
        c, d, e, f = str(number), [number], (a, b), number % 3
    return a, b, c, d, e, f


print(often(replaced, 6, times=60))
print(len(Noted.ended), Noted.ended[-7:])


def kinds(values):
    result = 0
    for value in values:
        result = result + value
    return result


# A region whose guards begin to fail is entered no more, and made again.
print(often(kinds, [1, 2, 3, 4]), often(kinds, [0.5] * 8), often(kinds, [1, 0.5, 2**80]), kinds([1, 2]))


def nested(rows):
    total = 0
    for row in rows:
        for item in row:
            if item is None:
                break
            total += item
        else:
            total -= 1
    return total


print(often(nested, [[1, 2], [3, None, 4], [], [5.5]]), nested([[2**64], [None]]))


def generator(values):
    for value in values:
        best = 0.0
        for step in range(4):
            best += step * value
        yield best


print(often(lambda: list(generator([1, 2.5, 3]))))


def raising(values):
    position = -1
    try:
        for value in values:
            position += 1
            result = 10 // value
    except ZeroDivisionError as error:
        return position, value, error.__traceback__.tb_lineno - raising.__code__.co_firstlineno
    return position, result


print(often(raising, [1, 2, 5]), often(raising, [1, 2, 0, 4]), often(raising, [3]))
