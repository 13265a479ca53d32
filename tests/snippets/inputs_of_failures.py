"""Finalizers tell in which order something that fails lets go of what it was given: calls, `raise`, `isinstance`, unpacking, protocols."""

import gc

gc.disable()
silent = False


class D:
    def __repr__(self):
        return "D"

    def __init__(self, n):
        self.n = n

    def __del__(self):
        silent or print("del", object.__getattribute__(self, "n"))


class E(D, Exception):
    def __init__(self, n):
        Exception.__init__(self)
        self.n = n


class Meta(type):
    def __instancecheck__(cls, x):
        raise ValueError

    def __del__(cls):
        silent or print("del class", cls.__name__)


class Bool:
    def __init__(self, n):
        self.n = n

    def __bool__(self):
        raise ValueError

    def __del__(self):
        silent or print("del", self.n)


class BadMeta(type):
    def __instancecheck__(cls, x):
        return Bool(9)


def plain(a):
    pass


def two(a, b):
    pass


def kwonly(a, *, b):
    pass


def posonly(a, /, b=1):
    pass


def defaults(a, b=2, c=3):
    pass


class C:
    def __init__(self, a):
        pass

    def m(self, a):
        pass

    def __del__(self):
        print("del C")


class N:
    def __new__(cls, a):
        return object.__new__(cls)


def few():
    return two(D(1))


def many():
    return plain(D(1), D(2), D(3))


def many2():
    return defaults(D(1), D(2), D(3), D(4))


def kw_unknown():
    return plain(D(1), x=D(2))


def kw_twice():
    return two(D(1), a=D(2))


def kw_missing():
    return kwonly(D(1))


def kw_missing2():
    return kwonly(D(1), c=D(2))


def kw_positional():
    return posonly(b=D(1), a=D(2))


def method_few():
    return C(D(1)).m()


def method_many():
    return C(D(1)).m(D(2), D(3))


def method_kw():
    return C(D(1)).m(D(2), x=D(3))


def init_many():
    return C(D(1), D(2))


def init_few():
    return C()


def init_kw():
    return C(D(1), z=D(2))


def new_many():
    return N(D(1), D(2))


def bound():
    m = C(D(0)).m
    return m(D(1), D(2))


def bound_kw():
    m = C(D(0)).m
    return m(D(1), q=D(2))


def star_many():
    return plain(*[D(1), D(2)])


def star_tuple():
    return plain(*(D(1), D(2)))


def star_kw():
    return plain(D(1), **{"x": D(2)})


def star_twice():
    return plain(*(D(1),), **{"a": D(2)})


def lambda_many():
    return (lambda a: a)(D(1), D(2))


def closure_many():
    k = D(0)

    def inner(a):
        return k

    return inner(D(1), D(2))


def raise_from_bad():
    raise E(1) from D(2)


def raise_from_class_bad():
    class F(Exception):
        def __init__(self):
            self.d = D(3)
            raise ValueError

    raise E(1) from F


def raise_class_bad():
    class F(Exception):
        def __new__(cls):
            return D(4)

    raise F from E(1)


def raise_bad():
    raise D(1)


def raise_bad_from():
    raise D(1) from E(2)


def raise_bad_from_bad():
    raise D(1) from D(2)


def raise_init_fails():
    class F(Exception):
        def __init__(self):
            self.d = D(3)
            raise ValueError

    raise F from E(5)


def raise_good():
    try:
        raise E(1) from E(2)
    except E as e:
        return e.__cause__.n


def raise_none():
    try:
        raise E(1) from None
    except E as e:
        return e.n


def isinstance_bad():
    return isinstance(D(1), D(2))


def isinstance_bad2():
    return isinstance(D(1), (D(2), D(3)))


def isinstance_fails():
    return isinstance(D(1), Meta("M", (), {}))


def isinstance_bool():
    return isinstance(D(1), BadMeta("M", (), {}))


def isinstance_fails_kept():
    M = Meta("M2", (), {})
    if isinstance(D(1), M):
        return 1


def isinstance_branch():
    if isinstance(D(1), D(2)):
        return 5


def isinstance_few():
    return isinstance(D(1))


def isinstance_many():
    return isinstance(D(1), D(2), D(3))


def isinstance_kw():
    return isinstance(D(1), x=D(3))


def issub():
    return issubclass(D(1), D(2))


def generator_many():
    def g(a):
        yield a

    return g(D(1), D(2))


def getitem_fails():
    class G(D):
        def __getitem__(self, k, z):
            pass

    return G(1)[D(2)]


def prop_fails():
    class G(D):
        def p(self, k):
            pass

        p = property(p)

    return G(1).p


def getattribute_fails():
    class G(D):
        def __getattribute__(self, a, b):
            pass

    return G(1).p


def call_fails():
    class G(D):
        def __call__(self, a):
            pass

    return G(1)(D(2), D(3))


def add_fails():
    class G(D):
        def __add__(self, a, b):
            pass

    return G(1) + D(2)


def sort_fails():
    return sorted([D(1), D(2)], key=two)


def super_fails():
    class G(C):
        def m(self, a):
            return super().m(a, D(7))

    return G(D(1)).m(D(2))


def with_fails():
    class W(D):
        def __enter__(self, x):
            pass

        def __exit__(self, *a):
            pass

    with W(1):
        pass


def with_exit_fails():
    class W(D):
        def __enter__(self):
            return D(2)

        def __exit__(self):
            pass

    with W(1) as d:
        pass


def next_fails():
    class Iterates(D):
        def __iter__(self):
            return self

        def __next__(self, x):
            pass

    for x in Iterates(1):
        pass


def except_bad():
    try:
        raise E(1)
    except D(2):
        pass


def except_bad_tuple():
    try:
        raise E(1)
    except (ValueError, D(2)):
        pass


def except_star_bad():
    try:
        raise E(1)
    except* D(2):
        pass


def match_bad():
    match D(1):
        case D(q=1, r=2):
            pass
        case D(n=[1, 2]):
            pass


def match_class_bad():
    global K
    K = D(5)
    try:
        match D(1):
            case K():
                pass
    finally:
        K = None


def unpack_few():
    a, b, c = D(1), D(2)


def unpack_list():
    a, b = [D(1), D(2), D(3)]


def unpack_gen():
    a, b = (D(i) for i in range(3))


def unpack_ex():
    a, *b, c = [D(1)]


def dict_merge():
    return dict(**{"a": D(1)}, **{"a": D(2)})


def dict_update():
    return {**{"a": D(1)}, **D(2)}


def list_extend():
    return [D(1), *D(2)]


def set_update():
    return {*D(2)}


def import_from_bad():
    from sys import nothing_here


def format_bad():
    return f"{D(1):>>>}"


def store_attr_bad():
    (5).x = D(1)


def delete_attr_bad():
    del D(1).zzz


def await_bad():
    async def f():
        await D(1)

    f().send(None)


def yield_from_bad():
    def f():
        yield from D(1)

    next(f())


def async_for_bad():
    async def f():
        async for x in D(1):
            pass

    f().send(None)


def async_with_bad():
    async def f():
        async with D(1):
            pass

    f().send(None)


def assert_bad():
    assert not D(1), D(2)


def len_many():
    return len(D(1), D(2))


def str_many():
    return str(D(1), D(2), D(3), D(4))


def type_many():
    return type(D(1), D(2))


def append_few():
    return [D(1)].append()


def method_desc():
    return list.append(D(1), D(2))


def o_kw():
    return [D(1)].append(x=D(2))


HELPERS = ("plain", "two", "kwonly", "posonly", "defaults")
names = [
    v
    for k, v in list(globals().items())
    if k.islower() and getattr(v, "__module__", "") == __name__ and k not in HELPERS
]
for r in range(12):
    for f in names:
        if f.__name__.startswith("isinstance") and r < 2:
            # The interpreter has a special instruction for it from the second call on, with an order of its own.
            silent = True
            try:
                f()
            except Exception:
                pass
            silent = False
            continue
        print("==", f.__name__)
        try:
            print(f())
        except BaseException as e:
            print(type(e).__name__, e, e.__traceback__.tb_lineno)
