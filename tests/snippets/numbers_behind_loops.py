"""Numbers that inner loops make and that are looked at behind them; floats whose place another one takes."""

import sys


class Body:
    __slots__ = ("x", "y", "other")

    def __init__(self, x, y):
        self.x, self.y, self.other = x, y, None

    def normalize(self):
        norm = abs(self.x) + abs(self.y) + 1.0
        self.x /= norm
        self.y /= norm
        self.x = self.x + 0.5


def behind(rows):
    """What the inner loop made is stored to the frame where its iterator ends, and goes on from there."""
    a = b = c = 0.0
    n = 0
    for row in rows:
        for x in row:
            a = a + x
            b = a * 0.5
            n = n + 1
        c = c + b
        for x in row:
            b = b - x
    return a, b, c, n


def never_entered(rows):
    """The inner loop may make nothing at all."""
    x = last = None
    for row in rows:
        for x in row:
            last = x * 2.0
        if last is None:
            last = -1.0
    return x, last


def one_number_of_two_names(rows):
    a = b = 0.0
    for row in rows:
        for x in row:
            a = b = x + 1.5
        a = a + 1.0
    return a, b


def both_loops_carry(rows):
    total = 0.0
    for row in rows:
        least = 1e9
        for x in row:
            for y in row:
                total = total + x * y
                least = total if total < least else least
            total = total - least
    return total, least


def raised_in_the_midst(rows):
    a = b = 0.0
    for row in rows:
        try:
            for x in row:
                a = a + x
                b = 1.0 / (a - 17.5)
        except ZeroDivisionError:
            b = -a
    return a, b


def replaced_items(count):
    """A float that somebody else has keeps its number."""
    cells = [float(i) for i in range(8)]
    kept, seen = [], 0.0
    for i in range(count):
        old = cells[i & 7]
        cells[i & 7] = old * 0.5 + 1.25
        if i % 50 == 0:
            kept.append(old)
        seen = seen + old
        cells[3] = cells[3] - 0.25
    return cells, kept, seen


def replaced_attributes(count):
    bodies = [Body(i + 0.5, i - 2.5) for i in range(5)]
    kept = []
    for i in range(count):
        body = bodies[i % 5]
        if i % 40 == 0:
            kept.append(body.x)
            body.other = body.y
        body.normalize()
    return [(body.x, body.y, body.other) for body in bodies], kept


def same_object_twice(count):
    cells = [1.5] * 4
    for i in range(count):
        cells[i & 3] = cells[i & 3] + 0.125
    cells[0] = cells[1]
    for i in range(count):
        x = cells[0]
        cells[0] = x + 1.0
        cells[1] = cells[1] * 0.5 + x
    return cells, 1.5


class Watcher:
    """Looks at the frame when an iterator ends."""

    def __init__(self, row):
        self.row = row
        self.seen = []

    def __iter__(self):
        for x in self.row:
            yield x
        frame = sys._getframe(1)
        self.seen.append({name: frame.f_locals.get(name) for name in ("a", "b")})


def watched():
    watcher = Watcher([0.5, 1.5])
    a = b = 0.0
    for _ in range(80):
        for x in watcher:
            a = a + x
            b = a - 1.0
        a = a * 0.5
    return a, b, len(watcher.seen), watcher.seen[-1], watcher.seen[0]


rows = [[0.5 + i, 1.5, 2.0, 3.25, 0.125 * i] for i in range(60)]
holes = [row if i % 4 else [] for i, row in enumerate(rows)]
ints = [[1, 2, 3], [4.5, 5], [2**62, 2**62], [1.0]] * 15
for function in (behind, never_entered, one_number_of_two_names, both_loops_carry, raised_in_the_midst):
    for argument in (rows, holes, ints, [], [[]] * 50, rows * 6):
        try:
            print(function.__name__, function(argument))
        except UnboundLocalError as error:
            print(function.__name__, error)
for _ in range(3):
    print(replaced_items(900))
    print(replaced_attributes(900))
    print(same_object_twice(500))
    print(watched())
