"""Instances made in hot loops: `__init__` as a part of the loop, and what can be seen of that."""

import gc
import sys
import traceback
import weakref

ROUNDS = 400


class Point:
    def __init__(self, x, y=1):
        self.x = x
        self.y = y

    def dot(self, other):
        return self.x * other.x + self.y * other.y

    def moved(self, by):
        return Point(self.x + by, self.y)


class Child(Point):
    def __init__(self, x):
        super().__init__(x, 2)
        self.z = x


class Slots:
    __slots__ = ("a",)

    def __init__(self, a):
        self.a = a


class Fails:
    def __init__(self, x):
        if x == 300:
            raise ValueError("no")
        self.x = x


class Odd:
    def __init__(self, x):
        self.x = x
        return 5 if x == 333 else None


class Ends:
    ended = []

    def __init__(self, x):
        self.x = x

    def __del__(self):
        if self.x % 100 == 7:
            frame = sys._getframe(1)
            Ends.ended.append((self.x, frame.f_code.co_name, frame.f_locals.get("i"), frame.f_lineno))


class Looks:
    seen = []

    def __init__(self, x):
        self.x = x
        if x % 100 == 50:
            frame = sys._getframe()
            Looks.seen.append(
                (frame.f_code.co_name, frame.f_back.f_code.co_name, frame.f_back.f_lineno, sys.getrefcount(self))
            )
            Looks.seen.append([line.name for line in traceback.extract_stack()][-2:])


class NoInit:
    pass


class Meta(type):
    def __call__(cls, *args):
        return "meta", args


class WithMeta(metaclass=Meta):
    def __init__(self, x):
        self.x = x


class WithNew:
    def __new__(cls, x):
        return x if x % 2 else object.__new__(cls)

    def __init__(self, x):
        self.x = x


def plain():
    total, last = 0, None
    for i in range(ROUNDS):
        last = Point(i)
        total += last.dot(Point(2, 3)) + last.moved(i).x
    return total, last.x, last.y, vars(last)


def children():
    out = []
    for i in range(ROUNDS):
        out.append(Child(i))
    return len(out), out[-1].x, out[-1].y, out[-1].z


def slots():
    total = 0
    for i in range(ROUNDS):
        total += Slots(i).a
    return total


def fails():
    total = 0
    try:
        for i in range(ROUNDS):
            total += Fails(i).x
    except ValueError as error:
        frames = traceback.extract_tb(error.__traceback__)
        return total, [(frame.name, frame.lineno) for frame in frames]


def odd():
    total = 0
    try:
        for i in range(ROUNDS):
            total += Odd(i).x
    except TypeError as error:
        frames = traceback.extract_tb(error.__traceback__)
        return total, str(error), [(frame.name, frame.lineno) for frame in frames]


def ends():
    Ends.ended.clear()
    for i in range(ROUNDS):
        Ends(i)
        kept = Ends(i + 1000)
    del kept
    return Ends.ended


def looks():
    Looks.seen.clear()
    for i in range(ROUNDS):
        Looks(i)
    return Looks.seen


def others():
    out = []
    for i in range(ROUNDS):
        out = [type(NoInit()).__name__, WithMeta(i), WithNew(i) if i % 2 else WithNew(i).x]
    return out


def changed_class():
    out, original = [], Point.__init__
    for i in range(ROUNDS):
        point = Point(i)
        out.append(point.y)
        if i == 200:
            Point.__init__ = lambda self, x: setattr(self, "y", -x)
        if i == 300:
            Point.__init__ = original
    return out[195:205], out[295:305]


def weak():
    died = []
    for i in range(ROUNDS):
        point = Point(i)
        if i % 100 == 0:
            reference = weakref.ref(point, lambda _, i=i: died.append(i))
            died.append(reference() is point)
    del point
    return died


def wrong_arguments():
    out = []
    for i in range(ROUNDS):
        try:
            if i > 390:
                Point()
            else:
                Point(i)
        except TypeError as error:
            out.append(str(error))
    return out


def cycles():
    count = 0
    for i in range(ROUNDS):
        point = Point(i)
        point.me = point
        if i % 200 == 0:
            count += gc.collect() > 0
    return count > 0


for run in (plain, children, slots, fails, odd, ends, looks, others, changed_class, weak, wrong_arguments, cycles):
    for _ in range(2):
        print(run.__name__, run())
