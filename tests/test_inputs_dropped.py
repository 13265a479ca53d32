"""In which order an operation that fails drops its inputs: finalizers can tell."""

from conftest import RunModes

SOURCE = """
class D:
    def __init__(self, n): self.n = n
    def __del__(self): print("del", self.n)
    def __getattr__(self, name): raise AttributeError(name)
class S(D):
    x = property(lambda self: 1)
def plain(a): pass
def binary(): return D(1) + D(2)
def compare(): return D(1) < D(2)
def chain(): return D(1) < D(2) < D(3)
def subscript(): return D(1)[D(2)]
def contains(): return D(1) in D(2)
def store_subscript(): D(1)[D(2)] = D(3)
def store_attribute(): S(1).x = D(2)
def delete_subscript(): del D(1)[D(2)]
def slice_(): return D(1)[D(2):D(3)]
def store_slice(): D(1)[D(2):D(3)] = D(4)
def call(): return D(1)(D(2), D(3), D(4))
def call_builtin(): return len(D(1), D(2))
def call_type(): return int(D(1), D(2))
def call_method(): return [].append(D(1), D(2))
def call_keyword(): return D(1)(D(2), a=D(3), b=D(4))
def call_unpacked(): return plain(*[D(1), D(2)], **{"c": D(3)})
def nested(): return [D(1), D(2), D(3) + D(4), D(5)]
def in_place():
    a = D(1)
    a += D(2)
def build_set(): return {D(1), [D(2)]}
def build_dict(): return {(D(1),): 1, (D(0), [D(2)]): D(3)}
def formatted(): return f"{D(1)} {D(2):{D(3)}x}"
def unpacked(): a, b = D(1), *D(2)
def from_inner(): return plain(D(1) + D(2))
def negated(): return -D(1)
def star(): return plain(D(0), *D(1))
for r in range(12):
    for f in [v for k, v in globals().items() if callable(v) and k.islower()]:
        print("==", f.__name__)
        try: f()
        except Exception as e: print(type(e).__name__, e.__traceback__.tb_lineno)
"""


def test_the_order_of_inputs(run_modes: RunModes) -> None:
    run_modes(SOURCE)
