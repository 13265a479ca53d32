"""Class methods, static methods, `super` and instances that are called, in hot code: which function that is, what changes it, and what is seen meanwhile."""

import abc
import enum
import sys
import traceback

ROUNDS = 400


def lines_of(error):
    return [(frame.name, frame.lineno, frame.colno) for frame in traceback.extract_tb(error.__traceback__)]


class Shape:
    count = 0

    def __init__(self, size):
        self.size = size

    @classmethod
    def make(cls, size=1, *more, scale=None):
        return cls(size)

    @classmethod
    def name(cls, suffix=""):
        return cls.__name__ + suffix

    @classmethod
    def plain(cls, x, y=2):
        return cls, x + y

    @staticmethod
    def double(x, y=2):
        return x * y

    def again(self):
        return self.plain(self.size)[1] + self.double(self.size)

    def area(self):
        return self.size


class Square(Shape):
    def area(self):
        return super().area() * super().area()

    @classmethod
    def plain(cls, x, y=3):
        return super().plain(x, y)


class Cube(Square):
    def __init__(self, size):
        super().__init__(size)
        self.kind = "cube"

    def area(self):
        return super(Cube, self).area() * self.size


def through_classes():
    total, found = 0, []
    for i in range(ROUNDS):
        total += Shape.double(i) + Shape.double(i, y=3)
        total += Shape.plain(i)[1] + Square.plain(i)[1]
        found.append((Shape.name(), Cube.name("!"), Cube.plain(1)[0] is Cube))
        total += Shape.make(i).size + Cube.make(2).area() + Square.make().again()
    return total, found[0], found[-1]


def through_instances():
    total = 0
    shapes = [Shape(2), Square(3), Cube(2)]
    for i in range(ROUNDS):
        for shape in shapes:
            total += shape.again() + shape.area() + shape.double(i)
            total += shape.plain(i)[0] is type(shape)
    return total


def with_own_attributes():
    shapes = [Shape(i) for i in range(ROUNDS)]
    total = []
    for i, shape in enumerate(shapes):
        if i > 300 and i % 2:
            shape.double = lambda x: x + 1000
            shape.plain = lambda x: (None, -1)
        total.append((shape.double(i), shape.plain(i)[1]))
    return total[::60], total[-4:]


class Changing:
    @classmethod
    def f(cls, x):
        return "f", cls.__name__, x

    @staticmethod
    def g(x):
        return "g", x


class Under(Changing):
    def f(self, x):
        return super().f(x)


def that_change():
    found = []
    for i in range(ROUNDS):
        if i == 200:
            Changing.f = classmethod(lambda cls, x: ("new", x))
        if i == 250:
            Changing.g = lambda *args: len(args)
        if i == 300:
            Changing.f = staticmethod(lambda *args: args)
        if i == 350:
            vars(Changing)["f"].__init__(lambda *args: ("other", args))
        found.append((Changing.f(i), Changing.g(i), Under().f(i)))
    return found[::45], found[-1]


class Meta(type):
    def both(cls):
        return "of the metaclass", cls.__name__


class Made(metaclass=Meta):
    @classmethod
    def both(cls):
        return "of the class", cls.__name__

    @classmethod
    def own(cls):
        return cls.__name__


class MadeToo(Made):
    pass


class Abstract(abc.ABC):
    @classmethod
    def build(cls):
        return cls()

    @abc.abstractmethod
    def go(self): ...


class Concrete(Abstract):
    def go(self):
        return 1


class Colour(enum.Enum):
    RED = 1
    GREEN = 2

    @classmethod
    def first(cls):
        return cls.RED

    @staticmethod
    def two():
        return 2


def of_metaclasses():
    found, total = [], 0
    for i in range(ROUNDS):
        if i == 300:
            Meta.own = property(lambda cls: lambda: "a property")
        found.append((Made.both(), Made.own(), MadeToo.own()))
        total += Concrete.build().go() + Colour.two()
        total += Colour.first() is Colour.RED
        try:
            Abstract.build()
        except TypeError as error:
            found[-1] += (str(error)[:40],)
    return found[::70], found[-1], total


class Adder:
    def __init__(self, n):
        self.n = n

    def __call__(self, x, y=0, *rest, **named):
        return self.n + x + y + sum(rest) + len(named)


class Simple:
    def __init__(self, n):
        self.n = n

    def __call__(self, x, y=1):
        if x == 390:
            frame = sys._getframe()
            return frame.f_code.co_name, frame.f_back.f_code.co_name, sorted(frame.f_back.f_locals)
        return self.n + x * y


class Raises:
    def __call__(self, x):
        return 1 // (x - 395)


adder, simple, raises = Adder(3), Simple(4), Raises()


def called():
    total, found, local = 0, [], Simple(5)
    for i in range(ROUNDS):
        total += adder(i) + adder(i, 2) + adder(i, 2, 3, 4) + adder(i, y=4) + adder(i, z=5)
        total += local(1) + local(x=2) + local(y=3, x=4)
        result = simple(i)
        if not isinstance(result, int):
            found.append(result)
        try:
            total += raises(i)
            total += simple(i, 2, 3) if i > 380 else 0
        except (TypeError, ZeroDivisionError) as error:
            found.append((str(error), lines_of(error)))
    return total, found


def called_that_change():
    found = []
    for i in range(ROUNDS):
        if i == 200:
            Simple.__call__ = lambda self, x: "new"
        if i == 300:
            simple.__call__ = lambda x: "nobody asks"
        if i == 350:
            del Simple.__call__
        try:
            found.append(simple(i))
        except TypeError as error:
            found.append(str(error))
    return found[190:202:4], found[300], found[-1]


class Ends:
    def __init__(self, log, n):
        self.log = log
        self.n = n

    def __call__(self, x):
        return x

    @classmethod
    def of(cls, x):
        return x

    def __del__(self):
        frame = sys._getframe(1)
        self.log.append((self.n, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))


def temporaries():
    log, total = [], 0
    for i in range(ROUNDS):
        total += Ends(log, i)(i) + Ends(log, -i).of(i)
    return total, len(log), log[:4], log[-4:]


class Left:
    def __init__(self):
        self.trail = ["left"]


class Right:
    def __init__(self):
        super().__init__()
        self.trail.append("right")


class Both(Right, Left):
    def __init__(self):
        super().__init__()
        self.trail.append("both")


class Alone(Right):
    def __init__(self):
        try:
            super().__init__()
        except AttributeError as error:
            self.trail = str(error)


def behind_others():
    found = []
    for i in range(ROUNDS):
        if i == 300:
            Left.__init__ = lambda self: setattr(self, "trail", [])
        if i == 350:
            Both.__bases__ = (Left,)
        found.append(Both().trail)
        found.append(Alone().trail)
        if i % 100 == 99:
            try:
                Right.__init__(Left())
            except TypeError as error:
                found.append(str(error))
    return found[:2], found[596:606], found[-3:]


class Counted:
    @classmethod
    def fall(cls, n):
        return cls.fall(n - 1) + 1 if n else 0

    def __call__(self, n):
        return self(n - 1) + 1 if n else 0


def recursion():
    counted, total = Counted(), 0
    for i in range(ROUNDS):
        total += Counted.fall(i % 20) + counted(i % 20)
    try:
        Counted.fall(10**6)
    except RecursionError as error:
        total += len(lines_of(error)) > 900
    return total


for test in (
    through_classes,
    through_instances,
    with_own_attributes,
    that_change,
    of_metaclasses,
    called,
    called_that_change,
    temporaries,
    behind_others,
    recursion,
):
    for _ in range(3):
        try:
            print(test.__name__, test())
        except Exception as error:
            print(test.__name__, repr(error), lines_of(error))
