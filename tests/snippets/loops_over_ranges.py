"""Loops over range(...) inside other loops, whose ranges and iterators compiled code does not make."""

import builtins
import sys

ROUNDS = 80


def sums(n, m):
    total = 0
    for i in range(n):
        for j in range(m):
            total += i * j
        for j in range(i, m):
            total += j
        for j in range(m, i, -1):
            total -= j
        for j in range(0, m, 2):
            total += 3
    return total, i, j


def with_bounds(start, stop):
    found = []
    for _ in range(ROUNDS):
        found.clear()
        for j in range(start, stop):
            if len(found) == 5:
                break
            found.append(j)
        else:
            found.append("all")
        for j in range(stop, start, -1):
            if len(found) == 9:
                break
            found.append(j)
    return found


def comprehensions(n):
    total = 0
    for i in range(n):
        total += len([j for j in range(i % 7)]) + sum([k * j for j in range(3) for k in range(j, 4)])
        total += len({j: k for j in range(2) for k in range(3)}) + len({j % 2 for j in range(5)})
    return total


def leaves_in_the_midst(values):
    total = 0
    for _ in range(ROUNDS):
        for i in range(len(values)):
            for j in range(i, len(values)):
                try:
                    total += values[j] * (1 if j < 3 else i)
                except TypeError:
                    total += 1
                if j == 5:
                    break
            if i == 7:
                continue
            total += j
    return total


def inner_calls(n, call):
    found = []
    for i in range(n):
        for j in range(i % 4):
            found.append(call(i, j))
    return found[-6:], len(found)


def changes_in_the_midst(n, at):
    total = 0
    for i in range(n):
        for j in range(3):
            if i == at and j == 1:
                total = total * 1.5
            total += j
    return total


def generator(n):
    for i in range(n):
        for j in range(2):
            yield i, j


def named(n):
    total = 0
    for i in range(n):
        for j in range(3):
            total += j
        if i == n - 5:
            globals()["range"] = lambda stop: iter([10] * stop)
    del globals()["range"]
    return total


def lines(n):
    seen = []

    def trace(frame, event, arg):
        seen.append((event, frame.f_lineno - frame.f_code.co_firstlineno))
        return trace

    def traced():
        total = 0
        for i in range(n):
            for j in range(2):
                if i == n - 2 and j == 0:
                    sys._getframe().f_trace = trace
                    sys.settrace(trace)
                total += j
        sys.settrace(None)
        return total

    return traced(), seen


def wrong(*arguments):
    try:
        for _ in range(ROUNDS):
            for j in range(*arguments):
                pass
        return "fine"
    except (TypeError, ValueError, OverflowError) as error:
        return type(error).__name__, str(error)


def wrong_one(stop):
    try:
        for _ in range(ROUNDS):
            for j in range(stop):
                pass
        j = None
        for j in range(1, 4, stop):
            pass
        return j
    except (TypeError, ValueError) as error:
        return type(error).__name__, str(error)


def main():
    print(sums(200, 9))
    edge = 1 << 63
    for start, stop in (
        (0, 3),
        (3, 0),
        (-4, 4),
        (edge - 3, edge - 1),
        (edge - 3, edge + 3),
        (-edge, 4 - edge),
        (-edge - 2, -edge),
        (-edge, edge - 1),
        (True, 4),
        (1 << 70, (1 << 70) + 2),
    ):
        print(start, stop, with_bounds(start, stop))
    print(comprehensions(150))
    print(leaves_in_the_midst([1, 2, 3, 4, 5, 6, 7, 8]), leaves_in_the_midst([1, 2.5, "a", 4, 5, 6]))
    print(inner_calls(100, lambda i, j: (i, j)), inner_calls(100, lambda i, j: sys._getframe(1).f_locals["j"]))
    print(changes_in_the_midst(300, 250), changes_in_the_midst(300, -1))
    print(sum(i * j for i, j in generator(300)))
    print(named(200))
    print(lines(120))
    for arguments in ((), ("a",), (1.5,), (1, 2, 0), (1, "b"), (None,), (3,)):
        print(wrong(*arguments))
    for stop in (3, 0, -1, True, "a", 2.5, None):
        print(wrong_one(stop))
    builtins.range, kept = (lambda stop: [stop]), range
    try:
        print(changes_in_the_midst(20, 3), [j for j in range(7)])
    finally:
        builtins.range = kept
    print(sums(50, 4))


main()
