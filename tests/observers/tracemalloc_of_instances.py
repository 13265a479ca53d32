"""`tracemalloc` knows where each instance was made, also those that take the place of dead ones."""

import tracemalloc


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


def short_lived(make, n):
    total = 0
    for i in range(n):
        point = make(i, 1)
        total += point.x + point.y
    return total


def kept(make, n):
    return [make(i, 1) for i in range(n)]


def traced():
    filters = [tracemalloc.Filter(True, __file__)]
    found = tracemalloc.take_snapshot().filter_traces(filters).statistics("lineno")
    return sorted((str(one.traceback), one.count) for one in found if one.count > 50)


for make in (Point, Slotted):
    for _ in range(40):
        short_lived(make, 50)
        kept(make, 5)
    tracemalloc.start()
    for _ in range(20):
        short_lived(make, 50)
    some = kept(make, 200)
    print(make.__name__, traced())
    short_lived(make, 50)
    del some[50:]
    print(traced())
    tracemalloc.stop()
    short_lived(make, 50)
