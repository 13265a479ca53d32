"""Arguments that an interpreted caller gives to a compiled function: the callee is the last to hold them."""

from conftest import RunModes

SOURCE = """
import contextvars, functools
class C:
    def __init__(self, n=0): self.n = n
    def __del__(self): print("del", self.n)
    def __repr__(self): return f"C({self.n})"
    def method(self, a):
        a = None
        print("method")
def plain(a, b=2):
    a = None
    print("plain", b)
def star(a, *rest):
    a = None
    rest = None
    print("star")
def named(*, a, **more):
    a = more = None
    print("named")
def fails(a):
    a = None
    raise ValueError
def none(): pass
def outer(f, *args, **more):
    # Interpreted in the modes where the functions above are compiled first.
    try: return f(*args, **more)
    except (ValueError, TypeError) as error: print(type(error).__name__)
for round in range(8):
    plain(C(1))
    plain(C(1), C(2))
    star(C(1))
    star(C(1), C(2), C(3))
    named(a=C(1))
    named(a=C(1), b=C(2))
    C(9).method(C(1))
    kept = C(7).method
    kept(C(1))
    kept = None
    functools.partial(plain)(C(1))
    functools.partial(plain, C(1))(C(2))
    contextvars.Context().run(plain, C(1))
    contextvars.Context().run(star, C(1), C(2))
    list(map(plain, [C(1)]))
    sorted([1, 2], key=lambda x: plain(C(1)))
    outer(plain, C(1))
    outer(plain, C(1), b=C(2))
    try: fails(C(1))
    except ValueError: print("ValueError")
    try: none(C(1))
    except TypeError: print("TypeError")
    try: plain(C(1), c=C(2))
    except TypeError: print("TypeError")
    plain(b=C(1), a=C(2))
    plain(*[C(1), C(2)])
    plain(**{"a": C(1)})
"""


def test_module_calls_function(run_modes: RunModes) -> None:

    run_modes(SOURCE)
