"""The interpreter specialises the bytecode of functions that are compiled as it does without a compiler."""

from conftest import RunModes

SPECIALISED = """
import dis

def shown(function):
    names = [i.opname for i in dis.get_instructions(function, adaptive=True) if i.opname != i.baseopname]
    # What runs once only, in machine code, is not specialised.
    return [name for name in names if name != "RESUME_CHECK"]

class C:
    __slots__ = ("slot",)
    __getitem__ = lambda self, item: item
    size = property(lambda self: 3)
    def method(self): return 1

class Any:
    __getattribute__ = lambda self, name: name

def small(a, b=1): return a

def straight(c, any_, items, f):
    c.slot = items[0] + 1
    c.slot
    c[1]
    c.size
    c.method()
    any_.name
    small(1, 2)
    small(1)
    len(items)
    return not f

def loop(items):
    total = 0
    for item in items:
        total += item[0] * 2
    return total

c, any_ = C(), Any()
c.slot = 1
for i in range(90):
    straight(c, any_, [1, 2], 1.5 if i < 0 else None)
print(shown(straight))
print(loop([[i, i] for i in range(500)]), shown(loop))
"""

LATER_LOOPS = """
import dis

def shown(function):
    names = [i.opname for i in dis.get_instructions(function, adaptive=True) if i.opname != i.baseopname]
    # What runs once only, in machine code, is not specialised.
    return [name for name in names if name != "RESUME_CHECK"]

def two_loops(items):
    for a in items:
        a[0]
    for b in items:
        b[1] = 1

def nested(items):
    for a in items:
        for b in a:
            b < 1
        a[0]

two_loops([[i, i] for i in range(20)])
nested([[i, i] for i in range(20)])
print(shown(two_loops), shown(nested))
"""

IN_TWO_CALLS = """
import dis
def load(x, y=0): a, b = x, y
for i in range(2):
    load(0, 0)
print([i.opname for i in dis.get_instructions(load, adaptive=True)])
"""

RECEIVED = """
import sys
class Asks:
    # Makes the code of `read`, which is in the middle of it, again, and has what it returns looked after.
    def __getattr__(self, name):
        for i in range(100):
            read(plain, 3)
        sys.setprofile(lambda *arguments: None)
        sys.setprofile(None)
        return 5
class Plain:
    def __init__(self): self.value = 7
plain = Plain()
def read(owner, rounds):
    total = 0
    for i in range(rounds):
        total += owner.value
    return total
print(read(Asks(), 1), read(Asks(), 3))
class Property:
    @property
    def value(self):
        return Asks().value
print(read(Property(), 2), [read(plain, 20) for i in range(100)][-1])
"""


def test_the_interpreter_specialises_what_is_compiled(run_modes: RunModes) -> None:
    run_modes(SPECIALISED, modes=("off", "on", "eager"))


def test_each_loop_of_what_is_compiled_at_once_is_specialised(run_modes: RunModes) -> None:
    run_modes(LATER_LOOPS, modes=("off", "eager"))


def test_two_calls_do_for_functions_that_are_compiled_at_once(run_modes: RunModes) -> None:
    run_modes(IN_TWO_CALLS, modes=("off", "on", "eager"))


def test_a_result_is_received_where_the_code_was_made_again_since(run_modes: RunModes) -> None:
    run_modes(RECEIVED)
