"""Calls in every form: results, tracebacks with positions, frames, recursion limits, the order of finalizers."""

import functools
import operator
import sys


def show(*a):
    print(*a)


# --- calls
def plain(a, b):
    return a - b


def dflt(a, b=2, *, c=3, d=4):
    return (a, b, c, d)


def va(a, *args, **kw):
    return (a, args, sorted(kw.items()))


def clos(n):
    def inner(x):
        return x + n

    return inner


class C:
    def __init__(self, x, y=5):
        self.x = x
        self.y = y

    def m(self, a):
        return self.x + a

    @property
    def p(self):
        return self.x * 2

    def __getitem__(self, i):
        return (self.x, i)

    def __call__(self, *a):
        return ("call", a)

    @staticmethod
    def s(a):
        return a

    @classmethod
    def c(cls, a):
        return (cls.__name__, a)


class D:
    def __init__(self):
        self.v = 1


class Bad:
    def __init__(self):
        return 5


class Raises:
    def __init__(self, x):
        raise ValueError(x)


class G:
    def __getattribute__(self, n):
        return ("ga", n)


def run():
    o = C(3)
    bm = o.m
    r = []
    for i in range(6):
        r.append(plain(i, 1))
        r.append(plain(b=i, a=2))
        r.append(dflt(i))
        r.append(dflt(i, 9, d=1))
        r.append(va(i, 1, 2, x=3))
        r.append(va(*[1, 2], **{"k": i}))
        r.append(clos(i)(1))
        r.append(bm(i))
        r.append(o.m(i))
        r.append(o.p)
        r.append(o[i])
        r.append(o(i, 2))
        r.append(C.s(i))
        r.append(C.c(i))
        r.append(D().v)
        r.append(C(i).y)
        r.append(len("abc"))
        r.append(len([1] * i))
        r.append(isinstance(i, int))
        r.append(isinstance(i, (str, float)))
        r.append(str(i))
        r.append(tuple([i]))
        r.append(type(i))
        r.append("a,b".split(","))
        r.append(" x ".strip())
        r.append("x".join(["a", "b"]))
        r.append(ord("a"))
        r.append(min(i, 3))
        r.append(max([i, 2], key=lambda q: -q))
        r.append(sum([i, 1]))
        r.append(G().foo)
        r.append(sorted([3, 1, i], reverse=True))
        r.append(int("7"))
        r.append(list(range(i)))
        r.append({}.get(i, "d"))
        r.append(print.__name__)
    return r


show(run())


def thrower(k):
    if k == 0:
        return 1 / 0
    return thrower(k - 1)


def catch(f, *a, **k):
    try:
        return f(*a, **k)
    except BaseException as e:
        tb = e.__traceback__
        out = []
        while tb is not None:
            out.append((tb.tb_frame.f_code.co_name, tb.tb_lineno, tb.tb_lasti))
            tb = tb.tb_next
        return (type(e).__name__, str(e), out)


for i in range(3):
    show(catch(thrower, 3))
    show(catch(plain, 1))
    show(catch(plain, 1, 2, 3))
    show(catch(plain, 1, c=3))
    show(catch(Bad))
    show(catch(Raises, 7))
    show(catch(C))
    show(catch(lambda: Raises(1)))
    show(catch(lambda: Bad()))
    show(catch(lambda: C()))
    show(catch(lambda: plain(*5)))
    show(catch(lambda: plain(**{1: 2})))
    show(catch(lambda: plain(1, *[2], **{"b": 3})))
    show(catch(lambda: len(5)))
    show(catch(lambda: isinstance(1, 2)))
    show(catch(lambda: "a".join([1])))
    show(catch(lambda: ord("ab")))
    show(catch(lambda: [].append(1, 2)))


def tryer(n):
    res = []
    for i in range(n):
        try:
            res.append(thrower(i % 3))
        except ZeroDivisionError as e:
            res.append(e.__traceback__.tb_next.tb_lineno)
        else:
            res.append("else")
        finally:
            res.append("fin")
    return res


show(tryer(5))


def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)


show(deep(500))


def rec(n):
    return rec(n + 1)


sys.setrecursionlimit(1000)


def depth_of():
    n = 0

    def f():
        nonlocal n
        n += 1
        f()

    try:
        f()
    except RecursionError as e:
        return n, str(e)


show(depth_of())
show(depth_of())
show(catch(rec, 0)[0:2])
show(len(catch(rec, 0)[2]))


class Init:
    def __init__(self, n):
        if n:
            self.c = Init(n - 1)


def chain(n):
    try:
        Init(n)
        return "ok"
    except RecursionError as e:
        return str(e)


for n in (10, 300, 490, 495, 498, 500, 510, 600):
    show(n, chain(n))


# frames
def frames():
    f = sys._getframe()
    out = []
    while f:
        out.append((f.f_code.co_name, f.f_lineno))
        f = f.f_back
    return out


class FI:
    def __init__(self):
        self.fr = frames()


def mid():
    return frames(), FI().fr


show(mid())
show(mid())


def keep():
    x = 1
    f = sys._getframe()
    y = 2
    return f


f = keep()
show(f.f_lineno, sorted(f.f_locals), f.f_back.f_code.co_name)


class Del:
    def __init__(self, n, log):
        self.n = n
        self.log = log

    def __del__(self):
        self.log.append((self.n, [c[0] for c in frames()]))


def dels(log):
    a = Del("a", log)
    b = Del("b", log)
    c = Del("c", log)
    return 5


log = []
dels(log)
show(log)


def weird(log):
    a = Del("w", log)
    raise KeyError("z")


log = []
show(catch(weird, log))
show(log)


# callables of all kinds
class Meta(type):
    def __call__(cls, *a):
        return ("meta", cls.__name__, a)


class M(metaclass=Meta):
    pass


pt = functools.partial(plain, 10)


def odd():
    return [
        M(1),
        pt(3),
        operator.itemgetter(1)([1, 2]),
        (lambda: 5)(),
        (lambda *a: a)(1, 2),
        C(1).m(*(3,)),
        dict(a=1),
        dict([(1, 2)]),
        super,
        object() is None,
        catch(lambda: (5)()),
    ]


for i in range(3):
    show(odd())


def setcode():
    def a():
        return 1

    def b():
        return 2

    r = [a(), a(), a()]
    a.__code__ = b.__code__
    r += [a(), a()]
    a.__defaults__ = None
    return r


show(setcode())
show(setcode())


def gen(n):
    for i in range(n):
        yield i


def usegen():
    return [x for x in gen(4)], list(gen(3)), sum(gen(5))


show(usegen())
show(usegen())
