"""`heapq.heappush` and `heapq.heappop`, whose comparisons are made without calls where items are numbers, strings or tuples of these."""

import heapq
import sys
from heapq import heappop, heappush

ROUNDS = 150


def in_order(items):
    heap = []
    for item in items:
        heappush(heap, item)
    layout = repr(heap)
    taken = []
    while heap:
        taken.append(heappop(heap))
    return layout, taken


def repeated(items):
    for _ in range(ROUNDS):
        result = in_order(items)
    return result


NAN = float("nan")
MANY = [n * 7919 % 101 for n in range(40)]
print(repeated(MANY))
print(repeated([n * 0.5 for n in MANY]))
print(repeated([n if n % 3 else n * 1.0 for n in MANY]))
print(repeated([str(n) for n in MANY] + ["é", "", "ü" * 3, "\U0001f600"]))
print(repeated([(n % 7, str(n), None) for n in MANY]))
print(repeated([(n % 3,) * (n % 4) for n in MANY]))
print(repeated([(n % 5 * 0.25, n, object) for n in MANY]))
print(repeated([((n % 3, n % 2), -n) for n in MANY]))
print(repeated([3, True, False, 2, 1, -1, 2**70, -(2**70), 2**53, 2.0**53, 2**53 + 1, float("inf")]))
print(repeated([NAN, 1.0, NAN, 0.5, -1.0, 7.0, NAN]))
print(repeated([(NAN, 1), (0.5, 2), (NAN, 0), (0.5, 1), (1.0, NAN), (1.0, NAN)]))
print(repeated([b"b", b"a", b"ab", b""]))


class Logged:
    """Says what it is compared with."""

    log = []  # noqa: RUF012

    def __init__(self, key):
        self.key = key

    def __lt__(self, other):
        self.log.append((self.key, other.key))
        if len(self.log) > 2000:
            self.log.clear()
        return self.key < other.key

    def __repr__(self):
        return f"L{self.key}"


print(repeated([Logged(n % 11) for n in MANY])[1], Logged.log[-20:])
print(repeated([(n % 2, Logged(n)) for n in MANY])[1], Logged.log[-20:])


class Text(str):
    __slots__ = ()

    def __lt__(self, other):
        return str.__gt__(self, other)


print(repeated([Text(n) for n in MANY]))


class OwnList(list):
    def append(self, item):
        raise AssertionError("not asked")


def of_own_class():
    heap = OwnList()
    for n in MANY:
        heappush(heap, n)
    return [heappop(heap) for _ in MANY]


for _ in range(ROUNDS):
    result = of_own_class()
print(result)


# Errors.
def failing(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return type(error).__name__, str(error)


def push_to(heap, item):
    heappush(heap, item)
    return heap


def pop_from(heap):
    return heappop(heap)


for _ in range(ROUNDS):
    push_to([], 1)
    pop_from([1])
print(failing(push_to, (), 1), failing(push_to, None, 1), failing(pop_from, ()), failing(pop_from, []))
heap = [1, 2, 3]
print(failing(push_to, heap, "x"), heap)
heap = [(1, 2), (1, "x"), (1, None)]
print(failing(push_to, heap, (1, 1.5)), failing(push_to, heap, (1, "y")), failing(pop_from, heap), heap)


class Shrinks:
    def __init__(self, heap):
        self.heap = heap

    def __lt__(self, other):
        self.heap.clear()
        return True

    __gt__ = __lt__


heap = [1, 2, 3, 4]
print(failing(push_to, heap, Shrinks(heap)), heap)
heap = [0, 1, 2]
heap.append(Shrinks(heap))
print(failing(pop_from, heap), heap)


class Raises:
    def __lt__(self, other):
        raise KeyError("no order")


heap = [Raises()]
print(failing(push_to, heap, Raises()), len(heap), type(failing(pop_from, heap[:])).__name__)

# What is counted.
item, other = (0.5, object()), (0.25, object())
before = sys.getrefcount(item), sys.getrefcount(other)
for _ in range(ROUNDS):
    heap = []
    push_to(heap, item)
    push_to(heap, other)
    assert pop_from(heap) is other
    assert pop_from(heap) is item
    pushed = heapq.heappush(heap, 1)
    assert pushed is None
print(before == (sys.getrefcount(item), sys.getrefcount(other)))
