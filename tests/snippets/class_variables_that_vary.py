"""Variables of classes that change again and again, read and written by compiled code, by the interpreter and by C code."""

import gc


class Task:
    count = 0
    limit = 10
    name = "task"

    def __init__(self, n):
        Task.count += 1
        self.id = Task.count
        self.n = n

    def work(self, k):
        return self.n * 2 + self.id + self.extra(k)

    def extra(self, k):
        return k & self.limit

    def seen(self):
        return self.count


class Special(Task):
    def extra(self, k):
        return k | 1


class Counting(Task):
    count = 1000

    def __init__(self, n):
        super().__init__(n)
        Counting.count += 2


READ = compile("Task.count, Special.count, Counting.count", "<read>", "eval")


def make(kind, times):
    total = 0
    for i in range(times):
        task = kind(i)
        total += task.work(i)
        if i % 100 == 0:
            print(i, eval(READ), task.seen(), getattr(task, "co" + "unt"), getattr(Special, "count"))
    return total


for kind in (Task, Special, Counting, Task):
    print(kind.__name__, make(kind, 400))

# Methods and other variables change, too, in a class that has such a variable.
for step in range(4):
    print(make(Special, 120))
    if step == 0:
        Task.limit = 5
    elif step == 1:
        Task.extra = lambda self, k: -k
        del Special.extra
    elif step == 2:
        setattr(Task, "count", 7)
        print(eval(READ), Task(1).id)


# The value becomes a descriptor, and something else again.
class Shifting:
    value = 0

    def get(self):
        return self.value


def shift(times):
    it = Shifting()
    total = 0
    for i in range(times):
        Shifting.value += 1
        total += it.get()
    return total


print(shift(300))
Shifting.value = property(lambda self: 5)
print(Shifting().get())
Shifting.value = 3
print(shift(300), Shifting.value)
del Shifting.value
try:
    Shifting().get()
except AttributeError as error:
    print(error)
try:
    shift(2)
except AttributeError as error:
    print(error)
Shifting.value = 1.5
print(shift(300))
Shifting.value = "a"
try:
    shift(3)
except TypeError as error:
    print(error)


# An instance has a variable of the same name.
class Both:
    total = 0

    def __init__(self):
        Both.total += 1
        if Both.total % 3:
            self.total = Both.total * 10

    def read(self):
        return self.total


def both(times):
    seen = 0
    for _ in range(times):
        seen += Both().read()
    return seen


print(both(300), both(300))


# Other kinds of values; class methods, and `type(self)`.
class Registry:
    last = None
    names = ()
    items = []

    @classmethod
    def add(cls, name):
        cls.last = name
        cls.names += (name,)
        if len(cls.names) > 20:
            cls.names = ()
        return cls.last, len(cls.names)

    def touch(self, value):
        type(self).last = value
        return self.last


class Derived(Registry):
    pass


def register(kind, times):
    for i in range(times):
        kind.add(str(i))
        kind().touch(i)
    return Registry.last, Derived.last, Registry.names, Derived.names


print(register(Registry, 150))
print(register(Derived, 150))
print(register(Registry, 150))
print("last" in vars(Derived), sorted(vars(Registry))[-4:])


# The end of the old value reads the variable, and changes it.
class Ending:
    def __init__(self, text):
        self.text = text

    def __del__(self):
        if Holder.count % 50 == 0:
            print("end", self.text, Holder.count, type(Holder.held).__name__)


class Holder:
    held = None
    count = 0


def hold(times):
    for i in range(times):
        Holder.count += 1
        Holder.held = [Ending(i)]
        Holder.held = (i,)


hold(160)


# Classes come and go, and new ones are derived.
def classes(times):
    total = 0
    for i in range(times):

        class Local(Task):
            mine = 0

            def __init__(self):
                super().__init__(i)
                Local.mine += 1

        for _ in range(12):
            total += Local().work(i)
        total += Local.mine * 1000 + Local.count
    gc.collect()
    return total


print(classes(30), len(Task.__subclasses__()))


# More changes than one series has.
class Many:
    number = 0

    def step(self):
        Many.number += 1
        return Many.number


def many(times):
    it = Many()
    total = 0
    for _ in range(times):
        total += it.step()
    return total


print(many(40_000), Many.number)


# Bases change.
class One:
    number = 0

    def who(self):
        return "one"


class Two:
    number = 100

    def who(self):
        return "two"


class Under(One):
    def bump(self):
        One.number += 1
        Two.number += 2
        return self.who(), self.number, Under.number


def bump(times):
    it = Under()
    for _ in range(times):
        last = it.bump()
    return last


print(bump(200))
Under.__bases__ = (Two,)
print(bump(200))


# Slots, metaclasses and abstract classes.
from abc import ABC, abstractmethod  # noqa: E402


class Shape(ABC):
    made = 0
    __slots__ = ("side",)

    def __init__(self, side):
        Shape.made += 1
        self.side = side

    @abstractmethod
    def area(self): ...


class Square(Shape):
    __slots__ = ()

    def area(self):
        return self.side * self.side


class Meta(type):
    created = 0

    def __call__(cls, *args):
        Meta.created += 1
        return super().__call__(*args)


class Watched(Meta):
    def __setattr__(cls, name, value):
        if name == "level" and value % 64 == 0:
            print("set", name, value)
        super().__setattr__(name, value)


class Point(metaclass=Meta):
    def __init__(self, x):
        self.x = x


class Level(metaclass=Watched):
    level = 0


def shapes(times):
    total = 0
    for i in range(times):
        total += Square(i).area() + Point(i).x
        Level.level += 1
    return total, Shape.made, Square.made, Meta.created, Level.level, isinstance(Square(1), Shape)


print(shapes(300))
print(shapes(300))
