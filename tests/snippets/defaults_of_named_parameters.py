"""Parameters for keywords only whose defaults fill them: their order in the dict, dicts that change, the collected arguments beside them; and loads of
attributes that one look in a site's cell answers: properties, classes' and instances' attributes in turn."""

import sys

ROUNDS = 200


def plain(a, b=2, *, c=3, d=4, e=5):
    return a, b, c, d, e


def collecting(a, b=2, *rest, c=3, d, e=5, **named):
    return a, b, rest, c, d, e, sorted(named.items())


def only(*, x=1, y=2):
    return x * 10 + y


def required(a, *, first, second=2):
    return a, first, second


class Meta(type):
    def __call__(cls, value, names=None, *values, module=None, kind=None, start=1):
        return value, names, values, module, kind, start


class Made(metaclass=Meta):
    pass


def calls():
    out = []
    for i in range(ROUNDS):
        out.append((plain(i), plain(i, 1), plain(i, d=7), plain(i, e=1, c=2), only(), only(y=5), required(i, first=1)))
        out.append((collecting(i, d=1), collecting(i, 1, 2, 3, d=1, z=9), collecting(i, e=1, d=2)))
        out.append((Made(i), Made(i, 1), Made(i, 1, 2, 3), Made(i, kind=4)))
    return out[0], out[-1], len(out)


def errors():
    seen = []
    for i in range(ROUNDS):
        for call in (
            lambda: required(i),
            lambda: collecting(i),
            lambda: plain(),
            lambda: only(1),
            lambda: plain(1, 2, 3),
            lambda: only(z=1),
        ):
            try:
                call()
            except TypeError as e:
                seen.append(str(e))
    return sorted(set(seen)), len(seen)


class Text(str):
    """Is equal to a name, and hashes as it, but is another object."""


def changed_dicts():
    def f(*, a=1, b=2, c=3):
        return a, b, c

    out = []

    def several(n):
        for _ in range(n):
            out.append(f())
            out.append(f(b=20))

    several(ROUNDS)
    dicts = [
        {"c": 30, "b": 20, "a": 10},
        {"z": 0, "a": 10, "y": 1, "c": 30, "b": 20},
        {"a": 10, "c": 30},
        {"".join(["", "a"]): 1, "b": 5, "c": 6, 7: 8},
        {Text("a"): 1, "b": 2, "c": 3},
        {},
        None,
    ]
    for defaults in dicts:
        f.__kwdefaults__ = defaults
        try:
            several(3)
        except TypeError as e:
            out.append(str(e))
    f.__kwdefaults__ = {"a": 1, "b": 2, "c": 3}
    del f.__kwdefaults__["a"]
    try:
        several(1)
    except TypeError as e:
        out.append(str(e))
    f.__kwdefaults__["a"] = "last"
    several(2)
    return out[ROUNDS * 2 - 2 :]


def counts():
    """What defaults and arguments own afterwards."""
    default, argument = object(), object()

    def f(a, *rest, key=default, other=default):
        return key

    def g(a, *, key=default, needed):
        return key

    before = sys.getrefcount(default), sys.getrefcount(argument)
    for _ in range(ROUNDS):
        f(argument)
        f(argument, argument)
        try:
            g(argument)
        except TypeError:
            pass
    return [after - b for after, b in zip((sys.getrefcount(default), sys.getrefcount(argument)), before)]


class Base:
    shared = "class"

    @property
    def area(self):
        return 1

    @property
    def broken(self):
        raise AttributeError("no")


class Slotted(Base):
    __slots__ = ("own",)

    def __init__(self):
        self.own = "slot"


class Dicted(Base):
    own = "of the class"

    @property
    def area(self):
        return self.width * 2


class Number(int):
    own = "number's"


class Asking:
    def __getattr__(self, name):
        return "asked for " + name


def loads():
    dicted, inside, number = Dicted(), Dicted(), Number(4)
    dicted.__dict__.update({f"k{i}": i for i in range(40)})
    dicted.width, inside.width = 5, 6
    inside.own = "inside"
    number.width, number.area = 7, "plain"
    objects = [Slotted(), dicted, inside, number, Asking(), Dicted, Slotted(), type("Late", (Base,), {"own": 3})()]
    out = []
    for i in range(ROUNDS):
        for one in objects:
            row = []
            for load in (
                lambda o: o.own,
                lambda o: o.area,
                lambda o: o.shared,
                lambda o: o.broken,
                lambda o: o.__class__,
            ):
                try:
                    row.append(load(one))
                except AttributeError as e:
                    row.append(str(e))
            out.append([x if isinstance(x, (str, int)) else type(x).__name__ for x in row])
        if i == ROUNDS // 2:
            del inside.own
            Dicted.area = "no property any more"
            dicted.own = "late"
    return out[: len(objects)], out[-len(objects) :]


print(calls())
print(errors())
print(changed_dicts())
print(counts())
for part in loads():
    print(part)
