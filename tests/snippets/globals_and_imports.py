"""Globals and builtins that change while code that uses them runs; imports; class bodies; exec."""

import builtins
import sys

LIMIT = 3


def limit():
    return LIMIT


def uses_len(x):
    return len(x)


def changing(n):
    global LIMIT, len
    out = []
    for i in range(n):
        out.append((limit(), uses_len("abc")))
        if i == n // 4:
            LIMIT = "changed"
        if i == n // 3:
            globals()["LIMIT"] = 7.5
        if i == n // 2:
            len = lambda x: "shadowed"  # noqa: E731
        if i == n // 2 + 4:
            del len
        if i == n - 6:
            real = builtins.len
            builtins.len = lambda x: "builtin replaced"
        if i == n - 3:
            builtins.len = real
        if i == n - 2:
            del LIMIT
            try:
                limit()
            except NameError as error:
                out.append(str(error))
            LIMIT = 3
    return out


def many_globals(n):
    """The dict of globals grows and is rebuilt under a compiled reader."""
    out = []
    for i in range(n):
        globals()[f"made_{i}"] = i
        out.append(limit())
    for i in range(n):
        del globals()[f"made_{i}"]
        out.append(limit())
    return out


def imports(i):
    import os.path as p
    from collections import OrderedDict, deque

    import math

    try:
        import no_such_module_at_all  # noqa: F401
    except ModuleNotFoundError as error:
        missing = str(error)
    try:
        from math import no_such_name  # noqa: F401
    except ImportError as error:
        missing_name = str(error).split("(")[0]
    return math.floor(i / 2), p.basename("a/b"), len(deque([i])), OrderedDict(a=1), missing, missing_name


def make_class(i):
    class Base:
        count = 0
        names = [name for name in ("a", "b")]

        def __init_subclass__(cls, **kw):
            cls.kw = kw
            Base.count += 1

        def who(self):
            return __class__.__name__

    class Meta(type):
        def __call__(cls, *args):
            return super().__call__(*args), args

    class Derived(Base, metaclass=Meta, option=i):
        value = i

        def get(self):
            return self.value, super().who()

        local = value + 1

    made, args = Derived()
    return made.get(), args, Derived.kw, Derived.local, Base.count, Base.names, Derived.__qualname__


def typed[T](x: T, y: int = 3) -> T:
    z: int = y
    return (x, z, typed.__annotations__["y"].__name__, typed.__type_params__[0].__name__)


def executed(i):
    space = {"i": i}
    exec("total = 0\nfor k in range(i * 20): total += k\ndef inner(): return total + i", space)
    local = {}
    exec("value = 1\nfor k in range(30): value += k", {}, local)
    return space["total"], space["inner"](), local, eval("i * 2 + [x for x in range(3)][1]")


def locals_and_frames(i):
    a, b = i, "b"

    def outer():
        return sys._getframe(1).f_locals["a"]

    frame = sys._getframe()
    seen = sorted(k for k in frame.f_locals if k != "frame"), frame.f_lineno, outer()
    frame.f_locals["a"] = 1000 + i
    return seen, a, b, sorted(locals())[:2], frame.f_code.co_name, frame.f_back.f_code.co_name


print(changing(300))
print(many_globals(200))
for i in range(60):
    for function in (imports, make_class, typed, executed, locals_and_frames):
        print(function.__name__, function(i))

# Module-level code, with a loop that gets hot, that uses and changes its own names.
total = 0
for index in range(3000):
    total += index
    if index == 1500:
        later = "set in the loop"
    if index % 1000 == 999:
        print(index, total, "later" in globals())
print(later, total)
