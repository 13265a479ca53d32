"""Tuples that hot code makes and takes apart again: what is seen of them where the code is left, or somebody looks."""

import sys

ROUNDS = 400


class Grid:
    def __init__(self, width, height):
        self.width = width
        self.cells = list(range(width * height))

    def __getitem__(self, at):
        x, y = at
        return self.cells[y * self.width + x]


class Ending:
    ended = []

    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        Ending.ended.append((self.name, sorted(name for name in frame.f_locals if name != "self")))


def around(grid, rounds):
    total = 0
    for _ in range(rounds):
        for y in range(1, 7):
            for x in range(1, 7):
                total += grid[x, y] + grid[x - 1, y] - grid[x, y - 1]
    return total


def taken_apart(rounds):
    total = 0
    for i in range(rounds):
        pair = (i, i + 1)
        a, b = pair
        total += a * b + pair[0] + pair[1] + len(pair)
    return total, pair


def left_in_the_midst(values):
    """The region is left, with a tuple in a local and one on the stack, when the type of a value changes."""
    seen = []
    kept = None
    for value in values:
        pair = (value, 1.5, (value, value))
        kept = kept if value == 77 else pair
        a, b, (c, d) = pair
        total = a + b + c + d
        if type(total) is not float:
            seen.append((pair, pair is kept, pair[2][0] is pair[2][1], total))
    return pair, kept is pair, seen


def identity(values):
    first = second = None
    for value in values:
        first = (value, value)
        second = first
        if value == "odd":
            break
        a, b = second
    return first is second, first[0] is first[1], first


def counts(item, rounds):
    before = sys.getrefcount(item)
    for i in range(rounds):
        pair = (item, i)
        a, b = pair
    held = sys.getrefcount(item) - before
    a = pair = None
    return held, sys.getrefcount(item) - before


def at_exit(item, values):
    """How many references there are when the region was left with the tuple in a local."""
    before = sys.getrefcount(item)
    for value in values:
        pair = (item, item, value)
        a, b, c = pair
        c + 1
    held = sys.getrefcount(item) - before
    del a, b, pair
    return held, sys.getrefcount(item) - before


def ends_inside(rounds):
    """Items whose end runs code, which looks at the frame."""
    for i in range(rounds):
        pair = (Ending(f"first {i}"), Ending(f"second {i}"))
        a, b = pair
        del a, b
        pair = None
    return len(Ending.ended)


def swapped(rounds):
    a, b, c, d, e = 1, 2, 3, 4, 5
    for i in range(rounds):
        a, b, c, d, e = e, a, b + 1, c, d
    return a, b, c, d, e


def two(x):
    return x, x + 1


def some(x):
    if x % 3:
        return x, x + 1
    return x + 1, x


def returned(rounds):
    total = 0
    for i in range(rounds):
        a, b = two(i)
        c, d = some(i)
        total += a * b + c - d
    return total


def wrong_number(values):
    caught = 0
    for value in values:
        try:
            x, y = (value, value) if value != 5 else (value, value, value)
        except ValueError as error:
            caught += 1
            text = str(error)
    return caught, text


def escaping(rounds):
    made = []
    for i in range(rounds):
        pair = (i, -i)
        a, b = pair
        if a % 50 == 0:
            made.append(pair)
            made.append(pair)
    return len(made), made[:4], all(x is y for x, y in zip(made[::2], made[1::2]))


def unhashable(values):
    """An error in the midst of an inlined `__getitem__` with the tuple among its arguments."""
    grid = Grid(8, 8)
    total = 0
    for value in values:
        try:
            total += grid[value, 2]
        except (TypeError, IndexError) as error:
            frame = error.__traceback__.tb_next.tb_frame
            total += 1000
            text = str(error), sorted(frame.f_locals), frame.f_locals["at"]
    return total, text


def three(a, b, c=30):
    if a == "look":
        frame = sys._getframe()
        return frame.f_back.f_code.co_name, sorted(frame.f_back.f_locals), sorted(frame.f_locals)
    return a * 2 + b * c


def unpacked(values, item):
    """Calls with the items of a tuple for arguments."""
    before = sys.getrefcount(item)
    results = []
    for value in values:
        try:
            if value == "wrong":
                result = three(*(value,))
            else:
                result = three(*(value, 2)) if value != 3 else three(*(value, 2, 5))
        except TypeError as error:
            result = str(error)
        if type(result) is not int or value == 3:
            results.append(result)
        three(*(1, 2, item) if value == "never" else (1, 2, 3))
    return results[-6:], sys.getrefcount(item) - before


def main():
    grid = Grid(8, 8)
    print(around(grid, 40))
    print(taken_apart(ROUNDS))
    print(left_in_the_midst([1] * ROUNDS + [2.5] * 3 + [1 << 80, 77, 3j] + [4] * 5))
    print(identity([1] * ROUNDS + ["odd", 1]))
    print(identity([1.5] * ROUNDS + ["odd", 1]))
    print(counts(object(), ROUNDS))
    print(at_exit(object(), [1] * ROUNDS + [1 << 70]))
    print(ends_inside(ROUNDS), Ending.ended[:2], Ending.ended[-2:])
    print(swapped(ROUNDS))
    print(returned(ROUNDS))
    print(wrong_number(list(range(3)) * ROUNDS + [5, 6]))
    print(escaping(ROUNDS))
    print(unpacked([1, 2] * ROUNDS + [3, 2.5, "look", "wrong", 7, None], object()))
    print(unhashable([3] * ROUNDS + ["x", 4, 100] + [5] * 9))


main()
