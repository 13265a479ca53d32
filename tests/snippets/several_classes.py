"""Attributes and methods at sites that see objects of several classes."""

import sys
import traceback

ROUNDS = 400


class Shape:
    name = "shape"

    def __init__(self, size):
        self.size = size
        self.seen = 0

    def area(self):
        return 0

    def grow(self, by=1):
        self.size += by
        return self

    def inherited(self):
        return self.name, self.size


class Square(Shape):
    name = "square"

    def area(self):
        return self.size * self.size


class Circle(Shape):
    def __init__(self, size):
        self.extra = None
        super().__init__(size)

    def area(self):
        return 3 * self.size * self.size


class Slotted:
    __slots__ = ("seen", "size")
    name = "slotted"

    def __init__(self, size):
        self.size = size
        self.seen = 0

    def area(self):
        return -self.size

    def grow(self, by=2):
        self.size -= by
        return self

    def inherited(self):
        return self.name, self.size


def classes_that_differ():
    shapes = [Square(2), Circle(3), Slotted(4), Shape(5)]
    total = 0
    names = set()
    for round in range(ROUNDS):
        for shape in shapes:
            total += shape.area() + shape.size
            shape.seen += 1
            shape.grow()
            if round % 2:
                shape.grow(by=-3)
            names.add(shape.inherited()[0])
    return total, [(s.size, s.seen) for s in shapes], sorted(names)


def call_area(shape):
    return shape.area()


def add_up(shapes):
    total = 0
    for shape in shapes:
        total += call_area(shape)
    return total


def classes_that_come_later():
    results = []
    shapes = [Square(2), Circle(3)]
    for _ in range(ROUNDS):
        results.append(add_up(shapes))
    for cls in (Slotted, Shape):
        shapes.append(cls(7))
        for _ in range(ROUNDS):
            results.append(add_up(shapes))

    class Late:
        def __init__(self):
            self.area = lambda: 1000

    class Later:
        @staticmethod
        def area():
            return 20000

    class Latest:
        @property
        def area(self):
            return lambda: 300000

    class Callable:
        def __call__(self):
            return 4000000

    Late.other = Callable()
    shapes += [Late(), Later(), Latest()]
    for _ in range(ROUNDS):
        results.append(add_up(shapes))
    return len(results), sum(results), results[-1]


def instance_attribute_in_place_of_a_method():
    shapes = [Square(2), Circle(3), Slotted(4)]
    results = []
    for round in range(ROUNDS):
        if round == ROUNDS // 2:
            shapes[0].area = lambda: "mine"
        if round == ROUNDS // 2 + 50:
            shapes[1].__dict__["area"] = lambda: "mine, too"
        if round == ROUNDS // 2 + 100:
            del shapes[0].area
        results.append([shape.area() for shape in shapes])
    return results[0], results[ROUNDS // 2], results[ROUNDS // 2 + 60], results[-1], len(results)


def methods_that_are_replaced():
    class One:
        def get(self):
            return 1

    class Two:
        def get(self):
            return 2

    class Three(Two):
        pass

    def other(self):
        return 10

    results = []
    objects = [One(), Two(), Three()]
    for round in range(ROUNDS):
        if round == ROUNDS // 2:
            Two.get = other
        if round == ROUNDS // 2 + 20:
            Three.get = lambda self: 100
        if round == ROUNDS // 2 + 40:
            del Three.get
        if round == ROUNDS // 2 + 60:
            One.get.__code__ = other.__code__
        for o in objects:
            results.append(o.get())
    return results[:3], sum(results), results[-3:]


class Replaces:
    """Its method replaces itself in the class while it runs."""

    def get(self, n):
        if n == ROUNDS // 2:
            Replaces.get = lambda self, n: -n
        return n


class Keeps:
    def get(self, n):
        return n + 1


def method_that_replaces_itself():
    original = Replaces.get
    total = 0
    objects = [Replaces(), Keeps()]
    for n in range(ROUNDS):
        for o in objects:
            total += o.get(n)
    Replaces.get = original
    return total


class Fails:
    def area(self):
        return 1 // self.divisor

    def __init__(self, divisor):
        self.divisor = divisor


def lines_of(error):
    return [(frame.name, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]


def failures():
    found = []
    shapes = [Square(2), Fails(1), Circle(1)]
    for round in range(ROUNDS):
        if round == ROUNDS - 2:
            shapes[1].divisor = 0
        try:
            found.append(sum(call_area(shape) for shape in shapes))
        except ZeroDivisionError as error:
            found.append(lines_of(error))
        if round == ROUNDS - 1:
            try:
                call_area(5)
            except AttributeError as error:
                found.append((str(error), lines_of(error)))
            try:
                shapes[0].area(1)
            except TypeError as error:
                found.append((str(error), lines_of(error)))
    return found[0], found[-4:]


class Looks:
    def __init__(self, n):
        self.n = n

    def area(self):
        frame = sys._getframe()
        return frame.f_code.co_name, frame.f_back.f_code.co_name, sorted(frame.f_locals)


class LooksAbove:
    def area(self):
        caller = sys._getframe(1)
        return caller.f_code.co_name, caller.f_locals["shape"] is self, caller.f_lineno > 0


def frames():
    found = []
    for round in range(ROUNDS):
        for shape in (Looks(round), LooksAbove(), Square(1)):
            found.append(call_area(shape))
    return found[:3], found[-3:]


class Told:
    def __init__(self, log):
        self.log = log

    def __del__(self):
        frame = sys._getframe(1)
        self.log.append((frame.f_code.co_name, sorted(frame.f_locals)))


class Holder:
    def __init__(self, log):
        self.held = Told(log)

    def swap(self, value):
        self.held = value
        return 1


class OtherHolder:
    def __init__(self, log):
        self.first = 1
        self.held = Told(log)

    def swap(self, value):
        self.held = value
        return 2


def finalizers():
    log = []
    total = 0
    for round in range(ROUNDS):
        for cls in (Holder, OtherHolder):
            holder = cls(log)
            total += holder.swap(round)
            holder.held = Told(log)
            holder.held = None
    return total, len(log), log[0], log[-1]


class Tree:
    def __init__(self, left, right):
        self.left = left
        self.right = right

    def count(self, depth):
        return self.left.count(depth + 1) + self.right.count(depth + 1)


class Leaf:
    def count(self, depth):
        return depth


class Wrapped:
    def __init__(self, inner):
        self.inner = inner

    def count(self, depth):
        return self.inner.count(depth)


def build(depth):
    if depth == 0:
        return Leaf()
    if depth % 3 == 0:
        return Wrapped(Tree(build(depth - 1), build(depth - 1)))
    return Tree(build(depth - 1), Leaf())


def recursion():
    tree = build(9)
    return sum(tree.count(0) for _ in range(ROUNDS // 10))


class Endless:
    def count(self, depth):
        return self.other.count(depth + 1)


class OtherEndless(Endless):
    def count(self, depth):
        return self.other.count(depth + 1) + 1


def endless_recursion():
    first, second = Endless(), OtherEndless()
    first.other, second.other = second, first
    found = []
    for _ in range(30):
        try:
            first.count(0)
        except RecursionError as error:
            found.append(str(error)[:40])
    return set(found)


def arguments_between():
    """What stands between the load of a method and its call."""
    objects = [Square(2), Circle(3), Slotted(4)]
    total = 0
    for round in range(ROUNDS):
        for o in objects:
            total += o.grow(o.area() - o.area() + (1 if round % 2 else -1)).area()
            o.grow(-1 if round % 2 else 1) if isinstance(o, Slotted) else o.grow(0)
            o.size = max(o.size, 1) % 7 + 1
    return total


def no_attribute():
    class First:
        def __init__(self):
            self.here = 1

    class Second:
        def __init__(self):
            self.first = 0
            self.here = 2

    found = []
    objects = [First(), Second()]
    for round in range(ROUNDS):
        if round == ROUNDS - 3:
            del objects[1].here
        for o in objects:
            try:
                found.append(o.here)
            except AttributeError as error:
                found.append(str(error))
    objects[1].here = 5
    return found[:2], found[-4:], list(vars(objects[1]))


def order_of_new_attributes():
    class A:
        pass

    class B:
        pass

    def fill(o, flag):
        if flag:
            o.x = 1
            o.y = 2
        else:
            o.y = 3
            o.x = 4
        return list(vars(o).items())

    found = []
    for round in range(ROUNDS):
        for cls in (A, B):
            found.append(fill(cls(), round % 3 == 0))
    return found[:4], found[-2:]


def comprehension(items, x):
    doubled = [x * 2 for x in items]
    return doubled, x


def comprehension_of_unbound(items):
    squares = [y * y for y in items if y]
    try:
        y
    except UnboundLocalError as error:
        return squares, str(error)
    y = 0
    return y


def comprehension_that_fails(items, x):
    try:
        return [1 // x for x in items]
    except ZeroDivisionError as error:
        return x, lines_of(error)


def comprehensions():
    found = []
    for round in range(ROUNDS):
        items = (1, 2, round % 5)
        found.append(comprehension(items, "kept"))
        found.append(comprehension_of_unbound(items))
        found.append(comprehension_that_fails(items, "kept, too"))
    return found[:3], found[-3:], len({repr(f) for f in found})


for test in (
    classes_that_differ,
    classes_that_come_later,
    instance_attribute_in_place_of_a_method,
    methods_that_are_replaced,
    method_that_replaces_itself,
    failures,
    frames,
    finalizers,
    recursion,
    endless_recursion,
    arguments_between,
    no_attribute,
    order_of_new_attributes,
    comprehensions,
):
    for _ in range(3):
        print(test.__name__, test())
