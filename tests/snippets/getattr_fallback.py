"""Classes with `__getattr__`: it is asked only for what is not found, and when a descriptor raises `AttributeError`."""


class Base:
    kind = "base"

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return f"{type(self).__name__}?{name}"

    def method(self):
        return self.value


class First(Base):
    def __init__(self, value):
        self.value = value
        self.own = 1


class Second(Base):
    def __init__(self, value):
        self.other = 0
        self.value = value


class Third(Base):
    kind = "third"

    def __init__(self, value):
        self.a = self.b = 1
        self.value = value

    @property
    def own(self):
        if self.value % 3:
            raise AttributeError("own")
        return "property"


class Slots:
    __slots__ = ("own", "value")

    def __init__(self, value):
        self.value = value
        if value % 2:
            self.own = value

    def __getattr__(self, name):
        return f"slots?{name}"

    def method(self):
        return self.value * 2

    kind = 5


class Raising:
    """A descriptor of Python's."""

    def __get__(self, instance, owner):
        if instance.value % 2:
            raise AttributeError("odd")
        return "even"


class Fourth(Base):
    kind = Raising()
    own = Raising()

    def __init__(self, value):
        self.value = value


def look(things):
    total, texts = 0, []
    for thing in things:
        total += thing.value
        total += thing.method()
        texts.append((thing.kind, thing.own, thing.missing))
    return total, texts


def one(thing):
    return thing.own, thing.kind, thing.missing, thing.method()


things = [make(i) for i in range(12) for make in (First, Second, Third, Slots, Fourth)]
for _ in range(40):
    result = look(things)
print(result)
for make in First, Second, Third, Slots, Fourth:
    print([one(make(i)) for i in range(60)][-4:])

# The attribute goes, comes back, and is hidden.
changing = [First(i) for i in range(4)]
for step in range(200):
    look(changing)
    if step == 50:
        del changing[0].own, changing[1].value
        changing[1].value = 7
    if step == 80:
        changing[2].kind = "mine"
        changing[3].method = lambda: 100
    if step == 110:
        changing[0].own = "again"
    if step == 140:
        Base.__getattribute__ = lambda self, name: 3 if name == "value" else object.__getattribute__(self, name)
    if step == 170:
        del Base.__getattribute__
    if step % 10 == 1:
        print(step, look(changing))

del Base.__getattr__
for thing in changing:
    try:
        look([thing])
    except AttributeError as error:
        print(error)
