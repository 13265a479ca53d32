"""Variables of modules and class bodies, which come, go, hide built-in names and end what they held."""

import gc
import sys

total = 0
for i in range(120):
    x = i * 7 % 13
    if x > 5:
        total += x
    if i == 60:
        del x
        new_one = 1
        x = -1
print(total, x, i, new_one)

# A name that is deleted and comes back at another place.
for i in range(80):
    there = i
    if i % 20 == 19:
        del there
        globals()[f"between_{i}"] = i
        try:
            print(there)
        except NameError as error:
            print(error)
    else:
        total += there
print(total)

# A built-in name that is hidden for a while.
found = []
for i in range(90):
    found.append(abs(-i))
    if i == 40:
        abs = str
    if i == 60:
        del abs
print(found[:3], found[39:43], found[58:64])

# A table with keys that are no strings.
for i in range(60):
    count = i
    total += count
    if i == 30:
        globals()[30] = "thirty"
        del globals()[30]
print(count, total)


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        global last, depth
        depth += 1
        seen.append((self.name, last is not None, depth))
        if depth < 3:
            last = Loud(f"{self.name}'")
        globals().pop("victim", None)
        depth -= 1


seen = []
depth = 0
last = None
for i in range(40):
    victim = Loud(i)
    last = Loud(-i)
    if i % 3 == 0:
        victim = None
print(len(seen), seen[:4], seen[-3:], "victim" in globals())
last = None


def store(n):
    global counter, box
    for k in range(n):
        counter = counter + k
        box = [k]
        if k == 50:
            del counter
            counter = 7
    return counter


counter = 0
print(store(100), box)
print(store(100), box)


# What the collector has to learn of: a dict of atoms only, into which a list comes.
code = compile("for i in range(50):\n    held = i\n    if i > 40:\n        held = [i]\n", "atoms", "exec")
for _ in range(3):
    space = {"held": 0, "i": 0}
    exec(code, space)
    print(space["held"], gc.is_tracked(space))


# Other namespaces than a module's.
class Names(dict):
    def __getitem__(self, key):
        looked.append(key)
        return super().__getitem__(key)

    def __setitem__(self, key, value):
        stored.append(key)
        super().__setitem__(key, value)


looked, stored = [], []
code = compile("for i in range(50):\n    a = i\n    b = a + len(str(a))\n", "others", "exec")
for space in ({}, Names(), {"len": lambda text: 100}):
    exec(code, {}, space)
    print({key: space.get(key) for key in ("a", "b")}, len(looked), len(stored))
space = Names()
exec(code, space)
print(space["a"], space["b"], len(looked), len(stored))
both = {}
exec(code, both, both)
print(both["a"], both["b"])
exec(code, both, both)
print(both["a"], both["b"], "__builtins__" in both)

# The same code with globals in which the names lie elsewhere.
for first in (["b", "a", "i"], ["i"], ["z", "y", "a"]):
    space = dict.fromkeys(first, 0)
    exec(code, space)
    print([key for key in space if key != "__builtins__"], space["b"])


class Body:
    total = 0
    for i in range(80):
        total += i
        if i == 40:
            del i
            squares = [total]
            i = 0
    print(total, squares)


class Meta(type):
    @classmethod
    def __prepare__(meta, name, bases):
        return Names()


class Prepared(metaclass=Meta):
    n = 0
    for k in range(40):
        n += k


print(Prepared.n, len(stored))
try:
    for i in range(50):
        if i == 45:
            print(not_there)
        i + 1
except NameError as error:
    print(error, sys.exc_info()[2].tb_lineno > 0)
