"""`__getitem__` and properties in hot loops: errors, tracebacks, frames, and classes that change meanwhile."""

import sys
import traceback


class Grid:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.data = [float(index) for index in range(width * height)]

    def _index(self, x, y):
        if 0 <= x < self.width and 0 <= y < self.height:
            return y * self.width + x
        raise IndexError(f"({x}, {y}) is outside")

    def __getitem__(self, place):
        x, y = place
        return self.data[self._index(x, y)]

    def __setitem__(self, place, value):
        x, y = place
        self.data[self._index(x, y)] = value

    @property
    def size(self):
        return self.width * self.height

    @property
    def first(self):
        return self[0, 0]


def relax(grid, rounds):
    for _ in range(rounds):
        for y in range(1, grid.height - 1):
            for x in range(1, grid.width - 1):
                grid[x, y] = 0.2 * (grid[x, y] + grid[x - 1, y] + grid[x + 1, y] + grid[x, y - 1] + grid[x, y + 1])
    return sum(grid.data)


print(relax(Grid(12, 10), 12))


def outside(grid, stop):
    total = 0.0
    for x in range(stop):
        total += grid[x, 1]
    return total


def shown(work, *args):
    try:
        return work(*args)
    except Exception:
        return traceback.format_exc().replace(__file__, "this file")


print(shown(outside, Grid(60, 2), 60), shown(outside, Grid(60, 2), 61))


def sizes(items, rounds):
    total = 0
    for turn in range(rounds):
        for item in items:
            total += item.size
        if turn == rounds // 2:
            Grid.size = property(lambda self: 1000 if self.width else 0)
    return total


print(sizes([Grid(2, 3), Grid(4, 5)], 100))


class Deep:
    """Frames seen from a getter."""

    seen = ()

    def __init__(self):
        self.count = 0

    @property
    def value(self):
        self.count += 1
        if self.count % 50 == 0:
            frame = sys._getframe()
            Deep.seen = (
                frame.f_code.co_name,
                frame.f_back.f_code.co_name,
                frame.f_back.f_lineno,
                frame.f_locals["self"] is self,
            )
            frame.f_back.f_locals["bonus"] = self.count
        return self.count

    def __getitem__(self, key):
        if key % 70 == 69:
            raise KeyError(key)
        return key + self.value


def look(deep, stop):
    total = bonus = 0
    for index in range(stop):
        total += deep.value + bonus
        try:
            total += deep[index]
        except KeyError as error:
            total += len(traceback.extract_tb(error.__traceback__)) + error.__traceback__.tb_next.tb_lineno
    return total, bonus, Deep.seen


print(look(Deep(), 300))


class Base:
    def __getitem__(self, key):
        return key

    @property
    def kind(self):
        return 1


class Other(Base):
    def __getitem__(self, key):
        return -key

    kind = 7


class Slotted(Base):
    __slots__ = ("kind",)

    def __init__(self):
        self.kind = 11


class Missing(Base):
    def __getattr__(self, name):
        return 100


class Raising(Base):
    @property
    def kind(self):
        raise AttributeError("kind")

    def __getattr__(self, name):
        return 13


def many(items, rounds):
    total = 0
    for turn in range(rounds):
        item = items[turn * len(items) // rounds]
        total += item[turn] + item.kind
    return total


items = [Base(), Other(), Slotted(), Missing(), Raising()]
print(many(items, 500), many(items[::-1], 500))


def replaced(item, rounds):
    total = 0
    for turn in range(rounds):
        total += item[turn]
        if turn == 200:
            Base.__getitem__ = lambda self, key: 2 * key
        if turn == 300:
            Base.__getitem__ = lambda self, key, more=5: key + more
        if turn == 350:
            Base.__getitem__.__defaults__ = (50,)
        if turn == 400:
            item.__class__ = Missing
        if turn == 450:
            Missing.__getitem__ = [10, 20].__getitem__ if turn < 0 else (lambda self, *keys: len(keys))
    return total


print(replaced(Base(), 500))


class Ends:
    def __del__(self):
        deaths.append(sys._getframe(1).f_code.co_name)


class Keeps:
    @property
    def fresh(self):
        gone = Ends()
        return 1

    def __getitem__(self, key):
        gone = Ends()
        return [key]


deaths = []


def finalized(keeps, rounds):
    total = 0
    for turn in range(rounds):
        total += keeps.fresh + keeps[turn][0]
    return total


print(finalized(Keeps(), 200), len(deaths), set(deaths))


def deep_down(item, limit):
    if limit == 0:
        return item["none"]
    return deep_down(item, limit - 1)


class Endless:
    @property
    def again(self):
        return self.again

    def __getitem__(self, key):
        return self[key]


def overflow(item):
    caught = 0
    for _ in range(30):
        try:
            caught += item.again
        except RecursionError:
            caught += 1
        try:
            caught += item[caught]
        except RecursionError:
            caught += 1
    return caught


print(overflow(Endless()))
