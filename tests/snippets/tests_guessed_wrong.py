"""Tests in front of a jump, of values other than those that the first rounds, or a guess, say: each way out of them."""

import sys
import traceback

LOG = []


class Truth:
    def __init__(self, answer):
        self.answer = answer

    def __bool__(self):
        LOG.append(sys._getframe(1).f_lineno - sys._getframe(1).f_code.co_firstlineno)
        if self.answer is None:
            raise ValueError("no answer")
        return self.answer

    def __eq__(self, other):
        LOG.append("eq")
        if self.answer is None:
            raise KeyError("no equal")
        # No bool: what the jump asks is its truth.
        return [other] if self.answer else []

    def __lt__(self, other):
        if other == 7:
            raise IndexError(other)
        return Truth(self.answer)

    __hash__ = None

    def __del__(self):
        LOG.append(("gone", self.answer))


def jumps_if_false(value):
    if value:
        return "yes"
    return "no"


def jumps_if_true(value):
    if not value:
        return "no"
    return "yes"


def equal(left, right):
    return "equal" if left == right else "other"


def less(left, right):
    while not left < right:
        right = right + 1 if isinstance(right, int) else 9
        if right == 5:
            break
    else:
        return "less", right
    return "stopped", right


def in_place(count):
    found = []
    for value in [count, count + 0.5, str(count), None, Truth(count % 2 == 0), [], [0], {}, (), b"", 0, 2**70]:
        # What is tested is nobody's.
        found.append("a" if (value, 1)[0] else "b")
        found.append("c" if not (value, 1)[0] else "d")
        value = None
    return "".join(found)


def deep(value, other):
    return [1, (2, "x" if value == other else "y", 3 if value else 4), 5]


def told(function, *arguments):
    try:
        print(function.__name__, function(*arguments))
    except Exception as error:
        places = [(entry.name, entry.lineno, entry.colno) for entry in traceback.extract_tb(error.__traceback__)]
        print(function.__name__, type(error).__name__, error, places[1:])


VALUES = [True, False, 1, 0, 1.5, 0.0, "x", "", None, [], [1], 2**80, -(2**80), Truth(True), Truth(False), Truth(None)]

for round_ in range(60):
    silent = round_ not in (0, 1, 30, 59)
    for value in VALUES[:5] if silent else VALUES:
        if silent:
            jumps_if_false(value), jumps_if_true(value), equal(value, 1), deep(value, 1), less(1, 3), in_place(round_)
            continue
        told(jumps_if_false, value)
        told(jumps_if_true, value)
        told(equal, value, 1)
        told(equal, 1.0, value)
        told(deep, value, 1)
        told(in_place, round_)
    if not silent:
        told(less, 1, 3)
        told(less, 3, 1)
        told(less, 2.5, 1)
        told(less, Truth(True), 1)
        told(less, Truth(False), 1)
        told(less, Truth(False), 6)
        told(less, Truth(None), 1)
        told(less, Truth(True), 7)
        told(less, "a", "b")
        told(less, "a", 1)
        print(LOG)
    LOG.clear()

value = None
VALUES.clear()
print(LOG)
