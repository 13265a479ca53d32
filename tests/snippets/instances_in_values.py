"""Instances that nobody else has seen: their attributes are values of the region until somebody might look."""

import gc
import sys
import weakref


class Vector:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    def dot(self, other):
        return self.x * other.x + self.y * other.y


class Slots:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.y = y
        self.x = x


class Reversed:
    """Sets attributes in another order than the class has them, and one twice."""

    def __init__(self, y, x):
        if y % 2:
            self.y = y
            self.x = x
        else:
            self.x = x
            self.y = y
        self.z = None
        self.z = x


class Broken:
    def __init__(self, x):
        self.x = x
        if x == 77:
            raise ValueError(x)
        self.y = self


class Holder:
    def __init__(self, x):
        self.inner = Vector(x, 1)
        self.again = self.inner


class Many:
    def __init__(self, x):
        self.a = self.b = self.c = self.d = self.e = x
        self.f = self.g = self.h = self.i = self.j = 2.5
        del self.c


class Ended:
    def __init__(self, x):
        self.x = x

    def __del__(self):
        local = sys._getframe(1).f_locals.get("shown")
        ended.append((self.x, local and vars(local)))


ended = []


def seen_twice(n, k):
    total = 0
    for i in range(n):
        a = Vector(i, 1.5)
        b = a + a * k
        if i == 150:
            b = a
        total += b.dot(a)
        if b is a:
            total += 1000
    return total, a.x, b.y, vars(a), vars(b), b is a


def order(n):
    out = []
    for i in range(n):
        r = Reversed(i, [i])
        out.append(r)
        out[-1].x.append(r.z is r.x)
    return [o.x[-1] for o in out[:3]], list(vars(out[-1])), list(vars(out[-2])), list(vars(out[0]))


def broken(n):
    caught = 0
    for i in range(n):
        try:
            b = Broken(i)
        except ValueError as error:
            caught += error.args[0]
            caught += error.__traceback__.tb_next.tb_frame.f_locals["self"].x
    return caught, b.y is b


def nested(n):
    for i in range(n):
        h = Holder(i)
        g = Holder(h.inner.x)
        if i > n - 3:
            last = [h, h, g]
    return h.again is h.inner, last[0] is last[1], vars(h.inner), vars(g.again)


def joined(n):
    total = 0
    for i in range(n):
        a = Vector(i, i)
        b = a
        if i % 3:
            c = Vector(b, a)
        else:
            c = Vector(a, 3)
        total += c.x.x
        if i % 50 == 49:
            total += sys._getframe().f_locals["b"].x
    return total, a is b, c.x is a, sys.getrefcount(a), sys.getrefcount(c)


def made(i, k):
    return Vector(i, k)


def temporaries(i):
    a = made(i, 2.0)
    b = made(3.0, i)
    c = a + b
    pair = [c, c] if i % 40 == 0 else None
    if pair:
        assert pair[0] is pair[1] and pair[0].x == i + 3.0
    return (c * 2).dot(a)


def missing(n):
    found = 0
    for i in range(n):
        a = Slots(i, None)
        try:
            found += a.x
            found += a.y.real if i % 10 == 0 else 1
        except AttributeError as error:
            assert error.obj is None
            found += 5
        if i == 90:
            a.__class__ = Other
            found += a.x
    return found, type(a)


class Other:
    __slots__ = ("x", "y")


def generator(n):
    for i in range(n):
        v = Vector(i, 2)
        yield v
        assert v.x == i


def shown_at_an_end(n):
    for i in range(n):
        ending = Ended(i)
        shown = Vector(i, 2.5)
        ending = None
        shown.x
    return len(ended), ended[-1], ended[20], vars(shown), ending


def many(n):
    for i in range(n):
        m = Many(i)
        m.a += m.j
    return vars(m)


def looked_for(n):
    found = 0
    for i in range(n):
        v = Vector(i, "here")
        w = Slots(v, i)
        if i % 60 == 59:
            seen = [o for o in gc.get_objects() if type(o) is Vector and o.x == i and o.y == "here"]
            found += len(seen) * (seen[0] is v) + (gc.get_referents(w) == [v, i, Slots])
            reference = weakref.ref(v)
    return found, reference() is v


def changed_init(n):
    total = 0
    old = Vector.__init__
    for i in range(n):
        v = Vector(i, 1)
        if i == n - 5:
            Vector.__init__ = lambda self, x, y: setattr(self, "x", -x)
        total += v.x
    Vector.__init__ = old
    return total


def class_attribute(n):
    total = 0
    for i in range(n):
        try:
            v = Vector(i, 1)
        except AttributeError:
            total += 10_000
            break
        if i == n - 10:
            Vector.x = property(lambda self: -1)
        total += v.x
    if "x" in vars(Vector):
        del Vector.x
    return total


for _ in range(4):
    print(seen_twice(200, 2), order(100), broken(120), nested(100), joined(200))
    print(sum(temporaries(i) for i in range(400)), missing(120), many(60), looked_for(120))
    print(shown_at_an_end(60))
print(sum(v.x for v in generator(300)))
print(changed_init(200), class_attribute(200))
