"""Stores of items and tests for being contained in hot code, where the class has a method for it: what is seen, raised, and left in the midst."""

import sys
import traceback

ROUNDS = 400


class Grid:
    def __init__(self, width, height):
        self.width = width
        self.height = height
        self.cells = [0] * (width * height)

    def index(self, x, y):
        if 0 <= x < self.width and 0 <= y < self.height:
            return y * self.width + x
        raise IndexError((x, y))

    def __getitem__(self, at):
        x, y = at
        return self.cells[self.index(x, y)]

    def __setitem__(self, at, value):
        x, y = at
        self.cells[self.index(x, y)] = value
        return "nobody sees this"

    def __contains__(self, value):
        return value in self.cells


class Numbers:
    """Its answers are no `bool`, for some values."""

    def __contains__(self, value):
        if value == 7:
            return [1]
        if value == 8:
            return None
        if value == 9:
            return 0.0
        if value == 10:
            return NotImplemented
        return value % 2 == 0


class Untrue:
    def __bool__(self):
        raise ArithmeticError("no truth", sys._getframe(1).f_code.co_name)


class Doubtful:
    def __contains__(self, value):
        return Untrue() if value == 300 else value > 100


class Slots:
    __slots__ = ("a", "b")

    def __setitem__(self, name, value):
        if name == "a":
            self.a = value
        else:
            self.b = value


class Loud(list):
    def __setitem__(self, at, value, scale=2):
        list.__setitem__(self, at, value * scale)

    def __contains__(self, value):
        return list.__contains__(self, value * 2)


class Watcher:
    def __init__(self):
        self.seen = []

    def __setitem__(self, key, value):
        if value % 100 == 0:
            frame = sys._getframe()
            lines = frame.f_back.f_lineno - frame.f_back.f_code.co_firstlineno
            self.seen.append((key, frame.f_back.f_code.co_name, lines, sorted(frame.f_back.f_locals)))


class Dropped:
    dropped = []

    def __init__(self, name):
        self.name = name

    def __del__(self):
        Dropped.dropped.append(self.name)


class Sink:
    def __setitem__(self, key, value):
        pass


def filled(grid, rounds):
    for _ in range(rounds):
        for y in range(grid.height):
            for x in range(grid.width):
                grid[x, y] = grid[x, y] + x - y
    return grid.cells


def out_of_range(grid, positions):
    errors = []
    for position in positions:
        try:
            grid[position, 1] = position
        except (IndexError, TypeError) as error:
            frames = traceback.extract_tb(error.__traceback__)
            errors.append((str(error), [(frame.name, frame.line) for frame in frames]))
    return errors, grid.cells


def contained(container, values):
    count = 0
    for value in values:
        if value in container:
            count += 1
        if value not in container:
            count += 1000
        test = value in container, value not in container
        if value in (7, 8, 9, 10):
            count += 10 * test[0] + 100 * test[1]
    return count


def doubtful(values):
    container, count = Doubtful(), 0
    for value in values:
        try:
            count += value in container
        except ArithmeticError as error:
            count += 10000
            text = error.args, [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    return count, text


def by_name(names):
    slots = Slots()
    for index, name in enumerate(names):
        slots[name] = index
    return slots.a, slots.b


def loud(rounds):
    numbers = Loud([0, 0, 0])
    for i in range(rounds):
        numbers[i % 3] = i
    return numbers, 3 in numbers, 4 in numbers


def watched(rounds):
    watcher = Watcher()
    for i in range(rounds):
        watcher[i, "key"] = i
    return watcher.seen


def operands_dropped(rounds):
    sink = Sink()
    for i in range(rounds):
        sink[Dropped(("key", i))] = Dropped(("value", i))
    return Dropped.dropped[:4], Dropped.dropped[-2:], len(Dropped.dropped)


def references(rounds):
    sink, key, value = Sink(), object(), object()
    before = [sys.getrefcount(each) for each in (sink, key, value)]
    for _ in range(rounds):
        sink[key] = value
    return [sys.getrefcount(each) - count for each, count in zip((sink, key, value), before)]


def replaced(rounds):
    """The class gets another method meanwhile."""
    grid, other = Grid(3, 3), []
    for i in range(rounds):
        if i == rounds - 9:
            Grid.__setitem__ = lambda self, at, value: other.append((at, value))
            Grid.__contains__ = lambda self, value: "yes" if value < 5 else ""
        grid[i % 3, 1] = i
        other.append(i in grid) if i % 77 == 0 else None
    return grid.cells, other


def recursive(rounds):
    class Nested:
        def __init__(self):
            self.count = 0

        def __setitem__(self, key, value):
            self.count += 1
            if key > 0:
                self[key - 1] = value

    nested = Nested()
    for _ in range(rounds):
        nested[3] = 1
    try:
        nested[10**6] = 1
    except RecursionError as error:
        return nested.count > 1600, str(error).split(" while")[0]


def main():
    print(filled(Grid(5, 4), 30))
    print(out_of_range(Grid(3, 3), [0, 1, 2] * ROUNDS + [3, -1, "x", 2, 1.5, 0]))
    print(contained(Grid(3, 3), [0, 1] * ROUNDS))
    print(contained(Numbers(), [2, 3] * ROUNDS + [7, 8, 9, 10, 12]))
    print(doubtful([50, 200] * ROUNDS + [300, 200, 300]))
    print(by_name(["a", "b"] * ROUNDS + [None]))
    print(loud(ROUNDS))
    print(watched(ROUNDS))
    print(operands_dropped(ROUNDS))
    print(references(ROUNDS))
    print(replaced(ROUNDS))
    print(recursive(ROUNDS))


main()
