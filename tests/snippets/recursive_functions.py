"""Functions that call themselves: what their regions make of arguments, results, frames, errors and finalizers."""

import gc
import sys
import threading
import traceback
import types


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def repeat(function, *args, times=60):
    for _ in range(times):
        result = function(*args)
    return result


print(repeat(fib, 12), fib(2.5), fib(True), fib(12))
print(repeat(fib, 9.0), repeat(fib, 9))


def factorial(n):
    return 1 if n < 2 else n * factorial(n - 1)


print(repeat(factorial, 15), repeat(factorial, 30), factorial(25.0), repeat(factorial, 12))


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


print(repeat(ackermann, 2, 5))


def hanoi(n, source="a", target="b", spare="c", *, step=1):
    if n == 0:
        return 0
    return (
        hanoi(n - 1, source, spare, target) + step + hanoi(n - 1, source=spare, target=target, spare=source, step=step)
    )


print(repeat(hanoi, 6))


class Tree:
    def __init__(self, left, right, value):
        self.left = left
        self.right = right
        self.value = value

    def total(self):
        left = self.left.total() if self.left is not None else 0
        right = self.right.total() if self.right is not None else 0
        return left + self.value + right

    def depth(self, so_far=0):
        if self.left is None:
            return so_far
        return max(self.left.depth(so_far + 1), self.right.depth(so_far + 1))

    def insert(self, value):
        if value < self.value:
            if self.left is None:
                self.left = Tree(None, None, value)
            else:
                self.left.insert(value)
        elif self.right is None:
            self.right = Tree(None, None, value)
        else:
            self.right.insert(value)


class Heavy(Tree):
    def total(self):
        return 1000 + super().total()


def build(n):
    return None if n == 0 else Tree(build(n - 1), build(n - 1), n)


def pairs(n):
    return (None, None) if n == 0 else (pairs(n - 1), pairs(n - 1))


def counted(pair):
    left, right = pair
    return 1 if left is None else counted(left) + 1 + counted(right)


tree = repeat(build, 6)
print(repeat(tree.total), repeat(tree.depth))
# The collector comes in the midst of it.
print([counted(pairs(n)) for n in range(1, 13)], build(11).depth())
tree.left.left = Heavy(None, build(2), 7)
print(repeat(tree.total), tree.left.total())
root = Tree(None, None, 500)
for i in range(400):
    root.insert(i * 7919 % 1000)
print(root.total())


def closure(limit):
    seen = []

    def walk(n, step):
        if n > limit:
            return n
        if n % 5 == 0:
            seen.append(n)
        return walk(n + step, step)

    return walk(0, 3), len(seen)


print([closure(k) for k in range(20, 60, 7)], repeat(closure, 50))


# The same code with other globals.
offset = 1


def shifting():
    def shifted(n):
        return offset if n == 0 else shifted(n - 1) + 1

    return shifted


def with_globals(function, names):
    cell = types.CellType()
    cell.cell_contents = types.FunctionType(function.__code__, names, None, None, (cell,))
    return cell.cell_contents


shifted = shifting()
print(repeat(shifted, 10, times=300))
elsewhere = with_globals(shifted, {"offset": 1000})
print(elsewhere(10), repeat(shifted, 10), repeat(elsewhere, 5), shifting()(3))


# The limit of recursion is met where it should be, and frames are there then.
def down(n):
    if n == 0:
        return 0
    return 1 + down(n - 1)


repeat(down, 20)


def deepest():
    low, high = 1, 3000
    while low < high:
        middle = (low + high + 1) // 2
        try:
            down(middle)
            low = middle
        except RecursionError:
            high = middle - 1
    return low


print(deepest(), deepest())
old = sys.getrecursionlimit()
sys.setrecursionlimit(20000)
print(down(15000), deepest())
sys.setrecursionlimit(old)
print(deepest())


# Errors in the midst.
def faulty(n, at):
    local = n * 2
    if n == at:
        return local + None
    return faulty(n + 1, at) + local


def locals_of(error):
    found = []
    step = error.__traceback__
    while step is not None:
        frame = step.tb_frame
        found.append(
            (
                frame.f_code.co_name,
                step.tb_lineno - frame.f_code.co_firstlineno,
                sorted(frame.f_locals.items(), key=str),
            )
        )
        step = step.tb_next
    return found


def attempt(at):
    try:
        return faulty(0, at)
    except TypeError as error:
        return len(traceback.extract_tb(error.__traceback__))


print([attempt(at) for at in range(1, 40)])
try:
    faulty(0, 4)
except TypeError as error:
    print(locals_of(error)[1:])


def caught(n):
    if n == 0:
        raise ValueError(n)
    try:
        return caught(n - 1) + 1
    except ValueError:
        if n % 3:
            raise
        return n


print([caught(k) for k in range(3, 30)], repeat(caught, 7))


# Other types come along.
def joined(x, n):
    return x if n == 0 else joined(x, n - 1) + joined(x, n - 1)


print(
    repeat(joined, 1, 5),
    repeat(joined, 1.5, 5),
    joined("ab", 3),
    joined([1], 3),
    joined(2**70, 3),
    repeat(joined, (1,), 2),
)
print(repeat(joined, 2**61, 4), repeat(joined, -(2**62), 2))


class Number:
    made = 0
    ended = 0

    def __init__(self, value):
        Number.made += 1
        self.value = value

    def __add__(self, other):
        return Number(self.value + other.value)

    def __del__(self):
        Number.ended += 1


print(joined(Number(3), 5).value, Number.made, Number.ended)
print(repeat(joined, Number(3), 4).value, Number.made, Number.ended)


# Finalizers see the frames.
class Noisy:
    def __init__(self, log, name):
        self.log = log
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        names = []
        while frame is not None and frame.f_code.co_name != "<module>":
            names.append((frame.f_code.co_name, frame.f_locals.get("n")))
            frame = frame.f_back
        self.log.append((self.name, names))


def noisy(log, n):
    thing = Noisy(log, n)
    other = n
    if n > 0:
        other = noisy(log, n - 1)
    thing = None
    return other + 1


def noisy_end(log, n):
    thing = Noisy(log, n)
    return n if n == 0 else noisy_end(log, n - 1) + 1


for function in noisy, noisy_end:
    for _ in range(50):
        log = []
        function(log, 3)
    print(log)


def dropping(things, n):
    if n == 0:
        things.clear()
        return 0
    return 1 + dropping(things, n - 1)


for function in (dropping,):
    for _ in range(50):
        log = []
        function([Noisy(log, "a"), Noisy(log, "b")], 3)
    print(log)


# Replaced while it runs.
def replaced(n):
    return 1 if n == 0 else replaced(n - 1) + 1


repeat(replaced, 10)
original = replaced


def other(n):
    return 100


replaced = other
print(original(5), repeat(original, 5))
replaced = original
print(original(5))
original.__code__ = other.__code__
print(original(5))


# Tools.
def events(function, *args):
    seen = []

    def profile(frame, event, arg):
        if frame.f_code.co_name == function.__name__:
            seen.append((event, frame.f_locals["n"]))

    sys.setprofile(profile)
    try:
        function(*args)
    finally:
        sys.setprofile(None)
    return seen


print(events(fib, 3), fib(10))


# Other threads.
def worker(results, n):
    results.append(fib(n))


results = []
threads = [threading.Thread(target=worker, args=(results, 17)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(results)


# Threads with little room on their stacks.
def deep(results):
    for _ in range(30):
        results.append(down(900) + down(900.0))


results = []
sizes = threading.stack_size(), 64 * 1024, 256 * 1024
for size in sizes[1:]:
    threading.stack_size(size)
    thread = threading.Thread(target=deep, args=(results,))
    thread.start()
    thread.join()
threading.stack_size(sizes[0])
print(len(results), set(results))


# Mutual recursion.
def is_even(n):
    return True if n == 0 else is_odd(n - 1)


def is_odd(n):
    return False if n == 0 else is_even(n - 1)


print(repeat(is_even, 20), repeat(is_odd, 20), is_even(7))


# Loops inside.
def count(n, k):
    if k == 0:
        return 1
    total = 0
    for i in range(n):
        total += count(i, k - 1)
    return total


print(repeat(count, 8, 3))


def permutations(items, chosen):
    if not items:
        return [chosen]
    found = []
    for i in range(len(items)):
        found += permutations(items[:i] + items[i + 1 :], chosen + (items[i],))
    return found


print(len(repeat(permutations, [1, 2, 3, 4], ())))


def flatten(value):
    if isinstance(value, list):
        return [x for item in value for x in flatten(item)]
    return [value]


print(repeat(flatten, [1, [2, [3, [4, "5"]], 6], []]))
gc.collect()
print(Number.made - Number.ended)
