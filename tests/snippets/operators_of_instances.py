"""Operators of instances in hot code: methods on the left and on the right, what they may not answer, and what is seen meanwhile."""

import sys
import traceback

ROUNDS = 400


class Vector:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y)

    def __mul__(self, by):
        return Vector(self.x * by, self.y * by)

    __rmul__ = __mul__

    def __matmul__(self, other):
        return self.x * other.x + self.y * other.y

    def __truediv__(self, by):
        return self * (1 / by)

    def __mod__(self, other):
        if other == 7:
            return NotImplemented
        return self

    def __repr__(self):
        return f"({self.x}, {self.y})"


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __sub__(self, other):
        if isinstance(other, Vector):
            return Point(self.x - other.x, self.y - other.y)
        return Vector(self.x - other.x, self.y - other.y)

    def __repr__(self):
        return f"<{self.x}, {self.y}>"


def lines_of(error):
    return [(frame.name, frame.lineno, frame.colno) for frame in traceback.extract_tb(error.__traceback__)]


def arithmetic():
    v, w = Vector(1.0, 2.0), Vector(0.5, 0.25)
    total = 0.0
    for i in range(ROUNDS):
        v = v + w * 0.5 - 0.25 * w
        total += v @ w
        w = w / 1.01
        v += w
    return v, w, total


def of_two_classes():
    a, b, v = Point(9, 9), Point(1, 2), Vector(0.5, 0.5)
    for i in range(ROUNDS):
        d = a - b
        a = a - v
    return a, d


class Falls:
    """Its method does not always know."""

    def __init__(self, n):
        self.n = n

    def __add__(self, other):
        if other.n > 300:
            return NotImplemented
        return Falls(self.n + other.n)

    def __imul__(self, other):
        if self.n > 1000:
            return NotImplemented
        self.n += other.n
        return self

    def __mul__(self, other):
        if self.n > 1000:
            return NotImplemented
        return Falls(-1)


def add(a, b):
    return a + b


def remainder(a, b):
    return a % b


def not_implemented():
    found = []
    for i in range(ROUNDS):
        try:
            found.append(add(Falls(1), Falls(i)).n)
        except TypeError as error:
            found.append((str(error), lines_of(error)))
    for i in (1, 2.5, 7, 7.0, True, "s", 7):
        for _ in range(ROUNDS // 8):
            try:
                found.append(remainder(Vector(1, 2), i).x)
            except TypeError as error:
                found.append((str(error), lines_of(error)))
    return found[299:303], found[-60:-57], found[-1], len(found)


def in_place():
    a = Falls(0)
    found = []
    for i in range(ROUNDS):
        b = a
        try:
            b *= Falls(5)
        except TypeError as error:
            found.append(str(error))
    return a.n, b is a, len(found), found[:1]


class Base:
    def __init__(self, n):
        self.n = n

    def __add__(self, other):
        return "base"

    def __radd__(self, other):
        return "reflected base"


class Derived(Base):
    def __radd__(self, other):
        return "reflected derived"


class Unrelated:
    def __radd__(self, other):
        return "reflected unrelated"


class Declines:
    def __add__(self, other):
        return NotImplemented


def whose_method():
    found = []
    pairs = [
        (Base(1), Base(2)),
        (Base(1), Derived(2)),
        (Derived(1), Base(2)),
        (Base(1), Unrelated()),
        (Declines(), Unrelated()),
        (Declines(), Base(1)),
        (5, Base(1)),
        (5.5, Derived(1)),
        ("s", Base(1)),
        (Base(1), "s"),
    ]
    for a, b in pairs:
        for _ in range(ROUNDS // 4):
            found.append(a + b)
    for _ in range(ROUNDS // 4):
        found.extend(a + b for a, b in pairs)
    return [found[i * (ROUNDS // 4)] for i in range(len(pairs))], found[-len(pairs) :], len(found)


class Changing:
    def __init__(self, n):
        self.n = n

    def __add__(self, other):
        return self.n + other.n


def methods_that_change():
    total = []
    for i in range(ROUNDS):
        if i == 200:
            Changing.__add__ = lambda self, other: "other"
        if i == 250:
            Changing.__radd__ = lambda self, other: "reflected"
            del Changing.__add__
        if i == 300:
            Changing.__iadd__ = lambda self, other: "in place"
        a = Changing(1)
        b = Changing(i)
        try:
            total.append(a + b)
        except TypeError as error:
            total.append(str(error))
        try:
            a += 2.5 if i % 2 else b
        except (TypeError, AttributeError) as error:
            a = str(error)
        total.append(a)
    return total[:4], total[400:404], total[500:504], total[-2:]


class Fails:
    def __init__(self, n):
        self.n = n

    def __sub__(self, other):
        return Fails(self.n // other.n)


def subtract(a, b):
    return a - b


def failures():
    found = []
    for i in range(ROUNDS):
        try:
            found.append(subtract(Fails(7), Fails(ROUNDS - 5 - i)).n)
        except ZeroDivisionError as error:
            found.append((str(error), lines_of(error)))
            here = error.__traceback__.tb_next
            found.append((sorted(here.tb_frame.f_locals), here.tb_frame.f_code.co_name, here.tb_lasti))
            here = here.tb_next
            found.append((sorted(here.tb_frame.f_locals), here.tb_frame.f_back is None, here.tb_lasti))
    return found[:2], found[-8:]


class Looks:
    def __init__(self, n):
        self.n = n

    def __add__(self, other):
        if self.n % 100 == 99:
            frame = sys._getframe()
            caller = frame.f_back
            return (
                frame.f_code.co_name,
                caller.f_code.co_name,
                caller.f_lineno - caller.f_code.co_firstlineno,
                sorted(caller.f_locals),
                caller.f_lasti,
            )
        return other


def frames():
    found = []
    for i in range(ROUNDS):
        looks = Looks(i)
        result = looks + 1
        if result != 1:
            found.append(result)
    return found


class Told:
    def __init__(self, log, n):
        self.log = log
        self.n = n

    def __add__(self, other):
        return self.n + other.n

    def __del__(self):
        frame = sys._getframe(1)
        self.log.append((self.n, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))


def temporaries():
    log = []
    total = 0
    for i in range(ROUNDS):
        total += Told(log, i) + Told(log, -1)
        total += Told(log, i) + Told(log, -2) if i % 2 else 0
    return total, len(log), log[:4], log[-4:]


class Sum:
    def __init__(self, left, right):
        self.left = left
        self.right = right

    def __or__(self, depth):
        return (self.left | depth + 1) + (self.right | depth + 1)


class One:
    def __or__(self, depth):
        return depth


def build(depth):
    return Sum(build(depth - 1), One()) if depth else One()


def recursion():
    tree = build(20)
    return sum(tree | 0 for _ in range(ROUNDS // 10))


class Endless:
    def __add__(self, other):
        return other + self


def endless_recursion():
    found = []
    for _ in range(30):
        try:
            Endless() + Endless()
        except RecursionError as error:
            found.append((str(error)[:32], len(lines_of(error)) > 900))
    return set(found)


class Reassigns:
    def __init__(self, n):
        self.n = n

    def __add__(self, other):
        self = other
        other = None
        return self


def arguments_that_are_reassigned():
    found = 0
    for i in range(ROUNDS):
        a, b = Reassigns(i), Reassigns(i + 1)
        found += (a + b).n - a.n + (Reassigns(1) + Reassigns(2)).n
    return found, sys.getrefcount(a), sys.getrefcount(b)


class Default:
    def __add__(self, other, more=3):
        return other + more


def method_with_a_default():
    total = 0
    d = Default()
    for i in range(ROUNDS):
        if i == 300:
            Default.__add__.__defaults__ = (5,)
        total += d + i
    return total


class Listed(list):
    def __add__(self, other):
        return NotImplemented


class Number(int):
    def __add__(self, other):
        return NotImplemented


def of_builtin_bases():
    found = []
    for i in range(ROUNDS):
        for a, b in ((Listed([i]), Listed([2])), (Number(i), Number(2)), (Number(i), 3), (3, Number(i))):
            try:
                found.append(a + b)
            except TypeError as error:
                found.append(str(error))
    return found[:4], found[-4:]


for test in (
    arithmetic,
    of_two_classes,
    not_implemented,
    in_place,
    whose_method,
    methods_that_change,
    failures,
    frames,
    temporaries,
    recursion,
    endless_recursion,
    arguments_that_are_reassigned,
    method_with_a_default,
    of_builtin_bases,
):
    for _ in range(3):
        try:
            print(test.__name__, test())
        except Exception as error:
            print(test.__name__, repr(error), lines_of(error))
