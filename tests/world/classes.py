"""Classes that change under compiled code: attributes, bases, metaclasses, descriptors, hooks and operators added later."""


def steps(n, *actions):
    """When to do what."""
    return {n * (k + 1) // (len(actions) + 1): action for k, action in enumerate(actions)}


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__, str(error)


def attributes(n):
    class Base:
        kind = "base"

        def method(self):
            return "base method", self.kind

    class Middle(Base):
        pass

    class Leaf(Middle):
        def __init__(self):
            self.own = 1

    def read(leaf):
        return leaf.kind, leaf.method(), leaf.own, attempt(lambda: leaf.later)

    class Data:
        def __get__(self, instance, owner):
            return "data", owner.__name__

        def __set__(self, instance, value):
            instance.__dict__["stored"] = value

    class NonData:
        def __get__(self, instance, owner):
            return "non-data"

    def delete():
        del Middle.kind

    when = steps(
        n,
        lambda: setattr(Middle, "kind", "middle"),
        lambda: setattr(Base, "kind", "base changed"),
        delete,
        lambda: setattr(Leaf, "method", lambda self: "leaf method"),
        lambda: delattr(Leaf, "method"),
        lambda: setattr(Base, "later", property(lambda self: self.own + 1)),
        lambda: setattr(Leaf, "own", NonData()),
        lambda: setattr(Leaf, "own", Data()),
        lambda: delattr(Leaf, "own"),
        lambda: setattr(Leaf, "__getattr__", lambda self, name: "asked " + name),
        lambda: delattr(Base, "later"),
        lambda: delattr(Leaf, "__getattr__"),
        lambda: setattr(
            Leaf,
            "__getattribute__",
            lambda self, name: object.__getattribute__(self, name) if name != "kind" else "hidden",
        ),
        lambda: delattr(Leaf, "__getattribute__"),
        lambda: setattr(Base, "__slots__", ("nothing",)),
        lambda: setattr(NonData, "__set__", lambda *args: None),
    )
    leaf, out = Leaf(), []
    for i in range(n):
        if i in when:
            when[i]()
        out.append(read(leaf))
        leaf.own = i
    return out


def stores(n):
    class Thing:
        def __init__(self):
            self.x = 0

    def store(thing, value):
        thing.x = value
        thing.y = value
        del thing.y
        return thing.x

    log = []

    class Data:
        def __get__(self, instance, owner):
            return "descriptor"

        def __set__(self, instance, value):
            log.append(value)

        def __delete__(self, instance):
            log.append("deleted")

    when = steps(
        n,
        lambda: setattr(Thing, "x", Data()),
        lambda: delattr(Thing, "x"),
        lambda: setattr(Thing, "__setattr__", lambda self, name, value: object.__setattr__(self, name, (name, value))),
        lambda: delattr(Thing, "__setattr__"),
        lambda: setattr(Thing, "__delattr__", lambda self, name: log.append(name)),
        lambda: delattr(Thing, "__delattr__"),
        lambda: setattr(Thing, "y", Data()),
    )
    out, thing = [], Thing()
    for i in range(n):
        if i in when:
            when[i]()
        out.append(store(thing, i))
    return out, log, sorted(vars(thing))


def bases(n):
    class A:
        def who(self):
            return "A"

        def __len__(self):
            return 1

    class B:
        def who(self):
            return "B"

        def __len__(self):
            return 2

        def __add__(self, other):
            return "added"

    class C(A):
        def who(self):
            return "C", super().who()

    class D(C):
        def who(self):
            return "D", super().who(), __class__.__mro__[2].__name__

    def ask(thing):
        return (
            thing.who(),
            len(thing),
            bool(thing),
            attempt(lambda: thing + 1),
            isinstance(thing, A),
            isinstance(thing, B),
        )

    when = steps(
        n,
        lambda: setattr(C, "__bases__", (B,)),
        lambda: setattr(C, "__bases__", (A, B)),
        lambda: setattr(D, "__bases__", (A,)),
        lambda: setattr(D, "__bases__", (C,)),
        lambda: setattr(B, "who", lambda self: "new B"),
        lambda: setattr(A, "who", lambda self: ("new A", super(A, self).who())),
    )
    out, thing = [], D()
    for i in range(n):
        if i in when:
            when[i]()
        out.append(attempt(ask, thing))
    return out


def class_of_an_instance(n):
    class One:
        tag = "one"

        def __init__(self):
            self.v = 1

        def get(self):
            return self.tag, self.v

        def __eq__(self, other):
            return "one"

        def __call__(self):
            return "called one"

    class Two(One):
        tag = "two"

        def get(self):
            return "two", self.v + 1

        def __eq__(self, other):
            return "two"

        def __iter__(self):
            return iter([1])

    class Slotted:
        __slots__ = ("v",)

    def ask(thing):
        return thing.get(), thing.tag, thing == 1, thing(), attempt(list, thing), type(thing).__name__

    out, thing = [], One()
    for i in range(n):
        if i % 50 == 30:
            thing.__class__ = Two
        if i % 50 == 45:
            thing.__class__ = One
        out.append(ask(thing))
    out.append(attempt(setattr, thing, "__class__", Slotted))
    out.append(attempt(setattr, thing, "__class__", int))
    return out


def operators_added_later(n):
    class Thing:
        pass

    def use(a, b):
        return [
            attempt(f)
            for f in (
                lambda: a + b,
                lambda: 1 + a,
                lambda: a[0],
                lambda: a == b,
                lambda: a < b,
                lambda: len(a),
                lambda: not a,
                lambda: [x for x in a],
                lambda: 1 in a,
                lambda: a(),
                lambda: -a,
                lambda: f"{a:x}",
                lambda: hash(a) != 0,
                lambda: {**a},
                lambda: (a.__enter__, 1)[1],
            )
            if f is not None
        ]

    def inplace(a, b):
        a += b
        return a

    def item(a):
        a[1] = 2
        del a[1]

    log = []
    when = steps(
        n,
        lambda: setattr(Thing, "__add__", lambda self, other: "add"),
        lambda: setattr(Thing, "__radd__", lambda self, other: "radd"),
        lambda: setattr(Thing, "__getitem__", lambda self, key: ("item", key) if key < 3 else [][1]),
        lambda: setattr(Thing, "__eq__", lambda self, other: "eq"),
        lambda: setattr(Thing, "__lt__", lambda self, other: "lt"),
        lambda: setattr(Thing, "__len__", lambda self: 0),
        lambda: setattr(Thing, "__bool__", lambda self: True),
        lambda: setattr(Thing, "__iter__", lambda self: iter("it")),
        lambda: setattr(Thing, "__contains__", lambda self, x: []),
        lambda: setattr(Thing, "__call__", lambda self: "called"),
        lambda: setattr(Thing, "__neg__", lambda self: "neg"),
        lambda: setattr(Thing, "__format__", lambda self, spec: "format " + spec),
        lambda: setattr(Thing, "__hash__", lambda self: 5),
        lambda: setattr(Thing, "keys", lambda self: [1, 2]),
        lambda: setattr(Thing, "__iadd__", lambda self, other: self),
        lambda: setattr(Thing, "__setitem__", lambda self, k, v: log.append((k, v))),
        lambda: setattr(Thing, "__delitem__", lambda self, k: log.append(k)),
        lambda: delattr(Thing, "__add__"),
        lambda: delattr(Thing, "__bool__"),
        lambda: setattr(Thing, "__len__", lambda self: -1),
        lambda: setattr(Thing, "__iter__", None),
        lambda: setattr(Thing, "__call__", 5),
    )
    a, b, out = Thing(), Thing(), []
    for i in range(n):
        if i in when:
            when[i]()
        out.append((use(a, b), attempt(inplace, a, b) is a, attempt(item, a)))
    return str(out).replace(hex(id(a)), "").replace(hex(id(b)), ""), log[-4:]


def construction(n):
    class Thing:
        def __init__(self, x):
            self.x = x

    class Child(Thing):
        pass

    class Meta(type):
        pass

    class Made(metaclass=Meta):
        def __init__(self, x):
            self.x = x

    def make(i):
        return [attempt(lambda cls=cls: getattr(cls(i), "x", None)) for cls in (Thing, Child, Made)]

    def new(cls, x):
        self = object.__new__(cls)
        self.new = True
        return self

    when = steps(
        n,
        lambda: setattr(Thing, "__init__", lambda self, x: setattr(self, "x", ("replaced", x))),
        lambda: setattr(Child, "__init__", lambda self, x, y=2: setattr(self, "x", (x, y))),
        lambda: setattr(Thing, "__new__", new),
        lambda: delattr(Child, "__init__"),
        lambda: setattr(Thing, "__new__", lambda cls, x: 5),
        lambda: setattr(Meta, "__call__", lambda cls, x: type.__call__(cls, ("meta", x))),
        lambda: delattr(Thing, "__init__"),
        lambda: delattr(Meta, "__call__"),
        lambda: setattr(Made, "__init__", lambda self, x: x),
        lambda: setattr(Made, "__init__", 3),
        lambda: setattr(Thing, "__new__", object.__new__),
    )
    out = []
    for i in range(n):
        if i in when:
            when[i]()
        out.append(make(i))
    return out


def metaclasses(n):
    class Meta(type):
        pass

    class Thing(metaclass=Meta):
        value = 1

        @classmethod
        def made(cls):
            return cls.__name__

    def ask():
        return (
            Thing.value,
            Thing.made(),
            isinstance(5, Thing),
            issubclass(int, Thing),
            attempt(lambda: Thing.more),
            attempt(len, Thing),
            attempt(lambda: Thing | 1)[0],
        )

    when = steps(
        n,
        lambda: setattr(Meta, "__getattr__", lambda cls, name: "meta " + name),
        lambda: setattr(Meta, "value", property(lambda cls: "property of the metaclass")),
        lambda: delattr(Meta, "value"),
        lambda: setattr(Meta, "value", 7),
        lambda: setattr(Thing, "value", 8),
        lambda: setattr(Meta, "__instancecheck__", lambda cls, x: x == 5),
        lambda: setattr(Meta, "__subclasscheck__", lambda cls, x: x is int),
        lambda: setattr(Meta, "__len__", lambda cls: 3),
        lambda: setattr(Meta, "__or__", lambda cls, other: ["or"]),
        lambda: setattr(
            Meta,
            "__getattribute__",
            lambda cls, name: ("all", name) if name == "value" else type.__getattribute__(cls, name),
        ),
        lambda: delattr(Meta, "__getattribute__"),
        lambda: delattr(Meta, "__getattr__"),
        lambda: setattr(Thing, "__class__", type("Sub", (Meta,), {"value": property(lambda cls: "sub")})),
    )
    out = []
    for i in range(n):
        if i in when:
            when[i]()
        out.append(ask())
    return out


def slots(n):
    class Thing:
        __slots__ = ("a", "b")

    class Child(Thing):
        pass

    def use(thing, i):
        thing.a = i
        return thing.a, attempt(lambda: thing.b)

    descriptor = Thing.a
    when = steps(
        n,
        lambda: setattr(Thing, "a", property(lambda self: "property", lambda self, value: None)),
        lambda: setattr(Thing, "a", Thing.b),
        lambda: setattr(Thing, "a", descriptor),
        lambda: setattr(Child, "a", 9),
        lambda: delattr(Child, "a"),
        lambda: delattr(Thing, "b"),
    )
    out, things = [], [Thing(), Child()]
    for i in range(n):
        if i in when:
            when[i]()
        out.append([attempt(use, thing, i) for thing in things])
    return out


for repeat in range(2):
    for function in (
        attributes,
        stores,
        bases,
        class_of_an_instance,
        operators_added_later,
        construction,
        metaclasses,
        slots,
    ):
        print(function.__name__, function(360))
