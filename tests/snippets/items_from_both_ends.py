"""Items by numbers that are negative now and then, slices with bounds of unknown types, lists joined, numbers negated."""

import sys


def rotate(indices, cycles, r, rounds):
    """As itertools.permutations does it in Python."""
    n = len(indices)
    seen = 0
    for _ in range(rounds):
        for i in reversed(range(r)):
            cycles[i] -= 1
            if cycles[i] == 0:
                indices[i:] = indices[i + 1 :] + indices[i : i + 1]
                cycles[i] = n - i
            else:
                j = cycles[i]
                indices[i], indices[-j] = indices[-j], indices[i]
                seen += indices[-1] + len(indices[:r])
                break
        else:
            seen += 1000
    return seen, indices, cycles


print(rotate(list(range(5)), list(range(5, 0, -1)), 5, 3000))
print(rotate(list(range(6)), list(range(6, 3, -1)), 3, 3000))


def walk(sequence, step, rounds):
    """Positions on both sides of 0, until one is outside."""
    total = []
    position = 0
    try:
        for _ in range(rounds):
            total.append(sequence[position])
            position += step
            if position >= len(sequence):
                position -= 2 * len(sequence)
    except IndexError as error:
        return len(total), str(error)
    return len(total), total[-4:]


for step in (1, 3, 7, -1):
    print(walk(list(range(100, 109)), step, 900))
    print(walk(tuple(range(9)), step, 900))
    print(walk("abcdefghi", step, 900))
    print(walk("abcdéfghi", step, 900))
    print(walk("abc\u20acefghi", step, 900))
    print(walk(b"abcdefghi", step, 900))


def put(items, step, rounds):
    position = 0
    try:
        for number in range(rounds):
            items[position] = number
            position += step
            if position >= len(items):
                position = -len(items)
    except IndexError as error:
        return items, str(error)
    return items


print(put([0] * 7, 1, 700), put([0] * 7, 2, 700), put([0] * 7, -1, 700))


class Index:
    def __init__(self, number):
        self.number = number

    def __index__(self):
        return self.number


def any_index(items, keys):
    found = []
    for key in keys:
        try:
            found.append(items[key])
        except (IndexError, TypeError) as error:
            found.append(type(error).__name__)
    return found[-12:]


keys = [-1, 2] * 600 + [True, False, Index(-2), 2**70, -(2**70), 2**40, None, "x", 1.0, -9, -7, 6]
print(any_index(list(range(7)), keys))
print(any_index(tuple(range(7)), keys))
print(any_index("abcdefg", keys))
print(any_index({-1: "a", 2: "b", None: "c", 1.0: "d"}.__class__.fromkeys(range(7)), [1, 2] * 100))


class Items(list):
    def __getitem__(self, key):
        return ("mine", key)


def of_several(kinds, rounds):
    found = []
    for i in range(rounds):
        found.append(kinds[i % len(kinds)][-1 - i % 2])
    return found[-6:]


print(of_several([[1, 2, 3]], 600), of_several([[1, 2], (3, 4), "xy", Items([1, 2])], 600))


def slices(items, bounds, rounds):
    total = 0
    for i in range(rounds):
        low, high = bounds[i % len(bounds)]
        part = items[low:high]
        total += len(part)
        if part:
            part[0:1] = part[-1:] + part[:1]
            total += part[0] * 3 + len(part) * 7
    return total


plain = [(0, 3), (2, -1), (-4, None), (None, 2), (5, 2), (-100, 100)]
print(slices(list(range(10)), plain[:2], 900))
print(slices(list(range(10)), plain, 900))
print(slices(list(range(10)), plain + [(True, 2**70), (Index(2), Index(-2)), (-(2**70), 5)], 900))
for wrong in (1.5, "x"):
    try:
        print(slices(list(range(10)), [(0, 3)] * 700 + [(0, wrong)], 900))
    except TypeError as error:
        print(error)


def joined(first, second, rounds):
    out = []
    for i in range(rounds):
        new = first + second
        new[0] = i
        out = new + [i] + out[:2]
        if len(new) != len(first) + len(second) or new is first or new is second:
            return "wrong"
    return out, sys.getsizeof(new) - sys.getsizeof([]), sys.getrefcount(new) < 4


print(joined([1, 2], [3], 700))
print(joined([1], [], 700), joined([], [1.5, "x"], 700))
same = [1, [2]]
print(joined(same, same, 700), sys.getrefcount(same[1]))


class Joins(list):
    def __add__(self, other):
        return Joins([*self, "added", *other])

    def __radd__(self, other):
        return [*other, "reflected", *self]


def add_all(values, rounds):
    kinds = []
    for i in range(rounds):
        for value in values:
            try:
                kinds.append([1] + value)
            except TypeError as error:
                kinds.append(str(error))
    return kinds[-len(values) :]


print(add_all([[2], [3, 4]], 400))
print(add_all([[2], Joins([3]), (4,), None], 400))


def negated(values, rounds):
    total = []
    for i in range(rounds):
        total.append(-values[i % len(values)])
    return total[-len(values) :]


print(negated([5, -7, 0], 900))
print(negated([1.5, -0.0, 3.25], 900))
print(negated([2**62, -(2**63), 2**63, -(2**62), 5], 900))
print(negated([True, 1.5, 3, 2**90, 1j], 900))
