"""Slices of lists, with and without a step, read and assigned; where lists come from and go to; membership in lists and tuples."""

import gc
import sys


def reversed_heads(items, rounds):
    """As fannkuch flips: a slice is read backwards, and assigned."""
    flips = 0
    for _ in range(rounds):
        k = items[0]
        items[: k + 1] = items[k::-1]
        flips += 1
    return flips


for _ in range(3):
    numbers = [3, 1, 4, 0, 2, 5]
    print(reversed_heads(numbers, 500), numbers)


# Every way to give bounds, in a loop that knows what they are.
def parts(items, i, j, rounds):
    for _ in range(rounds):
        found = items[i:j], items[:j], items[i:], items[:], items[i:j:2], items[j:i:-1], items[::-1], items[i::-2]
    return found


for i in (-7, -3, 0, 2, 5, 9, 2**40, -(2**40), 2**80, True):
    for j in (-7, 0, 3, 6, 2**62, -(2**63)):
        want = parts(list(range(6)), i, j, 1)
        assert parts(list(range(6)), i, j, 60) == want, (i, j)
        if type(i) is int and abs(i) < 100:
            print(i, j, want[0], want[4], want[5])


class Index:
    def __index__(self):
        print("index")
        return 1

    def __repr__(self):
        return "Index()"


class Sub(list):
    def __getitem__(self, key):
        return "Sub", key

    def __setitem__(self, key, value):
        print("set", key, value)


# Bounds that exist only as numbers, of other sequences.
def far(items, rounds):
    total = 0
    for n in range(rounds):
        total += len(items[n + 1000 : n + 5000 : n + 300])
        low = n + 700
        total += len(items[low::-1]) + len(items[: low + 1 : 2]) + low
    return total


for items in (tuple(range(9000)), list(range(9000)), "x" * 9000, bytes(9000)):
    print(far(items, 300), far(items, 3))


# The type of the container, of a bound or of the step changes in the midst of a loop.
def changing(containers, bounds, steps):
    out = []
    for n in range(200):
        container = containers[n > 190]
        i = bounds[n > 194]
        step = steps[n > 197]
        out.append(container[i::step])
        out.append(container[:i])
    return out[-22:]


for other in ((1, 2, 3), "abc", b"abc", Sub([1, 2]), range(5), bytearray(b"xyz")):
    print(changing(([5, 6, 7], other), (1, Index()), (1, None)))


def errors(items, step, last):
    for n in range(200):
        if n == 150:
            step = last
        items[n % 3 :: step]


for last in (0, "x", 1.5):
    try:
        errors([1, 2, 3], 1, last)
    except (ValueError, TypeError) as error:
        print(type(error).__name__, error, error.__traceback__.tb_next.tb_lineno)


def constant_step_of_zero(items):
    for _ in range(200):
        if len(items) > 3:
            items[::0]


constant_step_of_zero([1])
try:
    constant_step_of_zero([1, 2, 3, 4])
except ValueError as error:
    print(error)


# A slice is a new list; what was assigned stays what it was if somebody else has it.
def aliases(rounds):
    a, b = [1, 2, 3, 4], [7, 8]
    c = a
    for _ in range(rounds):
        a[0:2] = b
        a[2:4] = [5, 6]
        d = a[:]
        a[:] = a
        a[1:3] = a[2:4]
    return a, b, c is a, d is a, d


print(aliases(1), aliases(200))


# Slices of another size, and values that are no lists.
def sizes(rounds):
    out = []
    for n in range(rounds):
        a = [0, 1, 2, 3]
        a[1:2] = [n, n]
        a[5:] = (9,)
        a[0:1] = "xy"
        a[3:2] = []
        a[-2:] = range(2)
        out = a
    return out


print(sizes(300))


def not_iterable(value, rounds):
    a = [1, 2, 3]
    for n in range(rounds):
        a[0:1] = [n] if n < rounds - 1 else value


try:
    not_iterable(5, 200)
except TypeError as error:
    print(error)


class Noisy:
    """Says when it goes, and what the list is like then."""

    seen = []

    def __init__(self, items, number):
        self.items = items
        self.number = number

    def __del__(self):
        Noisy.seen.append((self.number, [x.number for x in self.items if isinstance(x, Noisy)]))


def noisy(rounds):
    items = []
    for n in range(rounds):
        items[0:3] = [Noisy(items, 3 * n), Noisy(items, 3 * n + 1), Noisy(items, 3 * n + 2)]
        shown = items[2::-1]
        del shown
    seen = Noisy.seen[:]
    items.clear()
    Noisy.seen.clear()
    return seen[-6:]


print(noisy(1), noisy(120))


# What a list says of its size, however it came about.
def sizes_of(n, rounds):
    for _ in range(rounds):
        a = list(range(n))
        b = a[:]
        c = a[::-1]
        d = a[0:n:2]
        e = [n, n, n]
    return [sys.getsizeof(x) - sys.getsizeof([]) for x in (b, c, d, e)]


print([sizes_of(n, 40) for n in (0, 1, 2, 7, 16, 31, 32, 33, 50)])


# Lists that grow after they were taken from dead ones, and those that the collector knows.
def growing(rounds):
    for n in range(rounds):
        a = [n, n][:]
        for m in range(n % 40):
            a.append(m)
        b = a[1:]
        b.extend(a)
        a.append(b)
        b.append(a)
    return len(a), len(b), gc.is_tracked(a), gc.is_tracked(a[:1])


print(growing(150))
gc.collect()


# Deep chains end without a deep C stack.
class Node:
    def __init__(self, next):
        self.next = next


def chain_of_instances(n):
    head = None
    for _ in range(n):
        head = Node(head)
    return head


def chain_of_lists(n):
    head = []
    for _ in range(n):
        head = [head, 1]
    return head


def chain_of_both(n):
    head = None
    for _ in range(n):
        head = [Node([head])]
    return head


for make in (chain_of_instances, chain_of_lists, chain_of_both):
    for _ in range(60):
        make(20)
    head = make(200_000)
    del head
    print(make.__name__)


# Membership.
class Equal:
    def __init__(self, changes=None):
        self.changes = changes

    def __eq__(self, other):
        if self.changes is not None:
            self.changes.clear()
        return other == 3


def member(container, value, rounds):
    for _ in range(rounds):
        found = value in container
        missing = value not in container
    return found, missing


nan = float("nan")
for container in ([1, 2, 3], (1, 2, 3), [1.0, 3.0], [True, False], [2**70, 3], ["3"], [], [Equal()], [1, Equal(), 3]):
    print([member(container, value, 120) for value in (3, 1, 2, 0, True, 3.0, 2**70, -(2**70), "3", None, nan)])


# An instance with a dict of its own has, and has not, what its class has.
class Many:
    def method(self):
        return "class"

    def other(self):
        return "other"


def methods(instances, rounds):
    out = []
    for n in range(rounds):
        instance = instances[n % len(instances)]
        out.append(instance.method() + instance.other())
        if n == rounds - 40:
            instances[0].method = lambda: "own"
        if n == rounds - 20:
            del instances[0].method
            instances[1].__dict__["other"] = str
        if n == rounds - 10:
            instances[1].__dict__[7] = 7
    return out[-60:]


many = [Many() for _ in range(40)]
for number, instance in enumerate(many):
    for attribute in range(number % 7 * 9):
        setattr(instance, f"a{attribute}", attribute)
    instance.__dict__
print(methods(many[:3], 400), methods(many, 400)[-3:], methods(many[20:], 4000)[-3:])
print(member([nan], nan, 120), member([1, nan], float("nan"), 120))
changing_list = [1, 2]
changing_list.append(Equal(changing_list))
changing_list.append(7)
print(7 in changing_list, len(changing_list))
