"""Attributes in every form, and classes that change while code that reads them runs."""


class Plain:
    kind = "plain"

    def __init__(self, x):
        self.x = x
        self.y = x * 2

    def method(self, z=1):
        return self.x + z

    @property
    def prop(self):
        return self.y + 1

    @prop.setter
    def prop(self, value):
        self.y = value

    @classmethod
    def of_class(cls, v):
        return cls.__name__, v

    @staticmethod
    def static(v):
        return v, v


class Slots:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a


class Child(Plain):
    def method(self, z=2):
        return super().method(z) * 10

    def __getattr__(self, name):
        if name.startswith("dyn_"):
            return name[4:]
        raise AttributeError(f"no {name}")


class Everything:
    def __getattribute__(self, name):
        return f"<{name}>"


class Descriptor:
    def __get__(self, instance, owner):
        return "got", instance is None, owner.__name__

    def __set__(self, instance, value):
        instance.__dict__["stored"] = value

    def __delete__(self, instance):
        instance.__dict__["stored"] = "deleted"


class WithDescriptor:
    d = Descriptor()


def read_all(n):
    out = []
    things = [Plain(1), Child(2), Plain(3)]
    for i in range(n):
        thing = things[i % 3]
        out.append((thing.x, thing.y, thing.kind, thing.method(), thing.method(z=i), thing.prop))
        out.append((thing.of_class(i), thing.static(i), Plain.static(i), type(thing).of_class(i)))
        thing.x += 1
        thing.prop = i
        thing.new = i
        del thing.new
        if i % 3 == 1:
            out.append(thing.dyn_abc)
        try:
            thing.missing
        except AttributeError as error:
            out.append(str(error))
        try:
            del thing.missing
        except AttributeError as error:
            out.append(str(error))
    return out


def slots(n):
    out = []
    thing = Slots(1)
    for i in range(n):
        thing.a += i
        out.append(thing.a)
        try:
            thing.b
        except AttributeError as error:
            out.append(str(error))
        try:
            thing.c = 1
        except AttributeError as error:
            out.append(str(error))
        thing.b = i
        del thing.b
    return out


def others(n):
    out = []
    every, with_descriptor = Everything(), WithDescriptor()
    for i in range(n):
        out.append((every.a, every.method, with_descriptor.d, WithDescriptor.d))
        with_descriptor.d = i
        out.append(with_descriptor.stored)
        del with_descriptor.d
        out.append(with_descriptor.stored)
        out.append((int.__name__, (5).real, "x".upper(), [].append.__name__, len.__name__))
    return out


def class_changes(n):
    out = []
    thing = Plain(0)
    for i in range(n):
        out.append((thing.method(), thing.kind))
        if i == n // 4:
            Plain.kind = "changed"
        if i == n // 3:
            Plain.method = lambda self, z=0: "replaced"
        if i == n // 2:
            thing.kind = "own"
        if i == n // 2 + 3:
            thing.method = lambda: "bound to nothing"
        if i == n // 2 + 5:
            thing.__class__ = Child
        if i == n - 5:
            thing.__dict__.clear()
        if i == n - 3:
            thing.__dict__ = {"kind": "new dict"}
    return out


def many_keys(n):
    """An instance whose dict outgrows the shared keys, and instances that fill theirs in another order."""
    out = []
    for i in range(n):
        thing = Plain(i)
        for k in range(i % 40):
            setattr(thing, f"k{(k * 7) % 40}", k)
        thing.x = -i
        out.append((thing.x, sum(vars(thing).values()), list(vars(thing))[:3]))
    return out


for repeat in range(3):
    print(read_all(60))
    print(slots(40))
    print(others(30))
    print(many_keys(80))
print(class_changes(400))
