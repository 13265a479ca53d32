"""`getattr` and `hasattr` with names that vary, that are made anew each time, that are not there, and that come and go."""

import ast
import gc
import sys


class Node:
    kind = "node"
    fields = ("left", "right", "missing", "kind", "method", "prop", "__class__", "__dict__")

    def __init__(self, left, right):
        self.left = left
        self.right = right

    def method(self):
        return self.left

    @property
    def prop(self):
        return self.right

    @property
    def broken(self):
        raise AttributeError("inside")


class Other(Node):
    def __init__(self, right):
        self.extra = right
        self.right = right


class Slots:
    __slots__ = ("left", "right")

    def visit_Slots(self):
        return "slots"


class Asked:
    def __getattr__(self, name):
        if name.startswith("no"):
            raise AttributeError(name)
        return name.upper()


class Text(str):
    pass


class Eager:
    """What it hands out has a `__get__` in Python."""

    class Descriptor:
        def __get__(self, instance, owner):
            return "got", instance is None

    left = Descriptor()


def show(value):
    return type(value).__name__ if callable(value) else value


def collect(objects, names, rounds):
    seen = []
    for i in range(rounds):
        seen.clear()
        for thing in objects:
            for name in names:
                fresh = "".join([name[:1], name[1:]])
                seen.append(show(getattr(thing, name, None)))
                seen.append(show(getattr(thing, fresh, None)))
                seen.append(hasattr(thing, fresh))
                try:
                    seen.append(show(getattr(thing, fresh)))
                except AttributeError as error:
                    seen.append(str(error))
    return seen


slots = Slots()
slots.left = 7
objects = [Node(1, 2), Other(3), slots, Asked(), Eager(), 5, "text", [1], None, Node, sys, 2.5, (1,), {"left": 1}]
names = [
    "left",
    "right",
    "missing",
    "kind",
    "method",
    "prop",
    "broken",
    "extra",
    "nowhere",
    "visit_Slots",
    "é",
    "real",
    "append",
    "__doc__x",
]
first = collect(objects, names, 1)
print(collect(objects, names, 60) == first, len(first))
print([x for x in first if not isinstance(x, bool)][:60])


def changes(rounds):
    """What was not there comes, in the instance, the class, a base, or another class's `__getattr__`; and goes."""
    seen = set()
    for i in range(rounds):

        class Base:
            pass

        class Thing(Base):
            def __init__(self):
                self.a = 1

        things = [Thing() for _ in range(3)]
        log = []
        name = "late" + str(i % 2)
        for step in range(12):
            for thing in things:
                log.append((getattr(thing, name, None), hasattr(thing, name), getattr(thing, "a", None)))
            if step == 2:
                setattr(things[0], name, "own")
            elif step == 3:
                Base.__dict__
                setattr(Base, name, "base")
            elif step == 4:
                setattr(Thing, name, "class")
            elif step == 5:
                delattr(things[0], name)
                del things[1].a
            elif step == 6:
                setattr(Thing, name, property(lambda self: "property"))
            elif step == 7:
                things[2].__dict__["more"] = 1
                things[2].__dict__.pop("a")
            elif step == 8:
                delattr(Thing, name)
                delattr(Base, name)
            elif step == 9:
                Thing.__getattr__ = lambda self, n: "asked " + n
            elif step == 10:
                del Thing.__getattr__
                things[0].__class__ = Base if i % 3 == 0 else Thing
        seen.add(str([(str(a).rstrip("01"), b, c) for a, b, c in log]))
    return sorted(seen)


for line in changes(80):
    print(line)


def trees(rounds):
    tree = ast.parse("def f(a, b=1):\n    return [x + 1 for x in a if x != b] or {'k': (a, b)}\n" * 2)
    total = 0
    for _ in range(rounds):
        for node in ast.walk(tree):
            for field in node._fields:
                value = getattr(node, field)
                total += isinstance(value, list)
            total += hasattr(node, "lineno") + hasattr(node, "line" + "x")
            total += len(type(node).__name__ + getattr(node, "visit_" + type(node).__name__, "")) - len(
                node.__class__.__name__
            )
    return total


print(trees(40))


def odd_arguments(rounds):
    messages = []
    for i in range(rounds):
        messages.clear()
        for name in (Text("left"), 3, None, b"left"):
            for thing in (Node(1, 2), [1]):
                try:
                    messages.append(getattr(thing, name, "other"))
                    messages.append(hasattr(thing, name))
                    messages.append(getattr(thing, name))
                except (TypeError, AttributeError) as error:
                    messages.append(type(error).__name__ + str(error))
    return messages


print(odd_arguments(50))


class Ending:
    ended = 0

    def __del__(self):
        Ending.ended += 1


def references(rounds):
    node = Node(Ending(), 2)
    default = Ending()
    before = sys.getrefcount(node.left), sys.getrefcount(default), sys.getrefcount(node)
    for i in range(rounds):
        getattr(node, "left")
        getattr(node, "le" + "ft", default)
        getattr(node, "nothing", default)
        getattr(node, "method")
        hasattr(node, "left")
    return before == (sys.getrefcount(node.left), sys.getrefcount(default), sys.getrefcount(node))


print(references(200))
gc.collect()
print(Ending.ended)
