"""Attributes loaded from classes, by sites that meet many of them and by `getattr`: what metaclasses have, and what comes and goes."""

import sys


class Base:
    name = "base"

    def method(self):
        return "method"

    @classmethod
    def of_class(cls):
        return cls.__name__

    @staticmethod
    def static():
        return "static"

    @property
    def prop(self):
        return "prop"


kinds = [type(f"Kind{i}", (Base,), {"number": i, "__slots__": ()} if i % 2 else {"number": i}) for i in range(7)]


def show(value):
    if isinstance(value, (int, str)) or value is None:
        return value
    return type(value).__name__ + " " + getattr(value, "__qualname__", "")


def loads(classes):
    seen = []
    for kind in classes:
        seen.append(show(kind.__repr__))
        seen.append(show(kind.__init__))
        seen.append(show(kind.mro))
        seen.append(show(kind.__name__))
        seen.append(show(kind.__doc__ is None))
        for name in (
            "__repr__",
            "__call__",
            "__eq__",
            "number",
            "name",
            "method",
            "of_class",
            "static",
            "prop",
            "nowhere",
        ):
            seen.append(show(getattr(kind, name, None)))
            seen.append(show(getattr(kind, "".join([name[:1], name[1:]]), None)))
            seen.append(hasattr(kind, name))
        try:
            getattr(kind, "nowhere")
        except AttributeError as error:
            seen.append(str(error))
    return seen


built_in = [int, str, dict, list, tuple, type, object, type(None), Exception]
first = loads(kinds + built_in)
print(all(loads(kinds + built_in) == first for _ in range(60)))
print(first[:80])
print([kind.__repr__ is kind.__dict__["__repr__"] for kind in (int, str, dict, list, tuple, type)])


def representations(values, rounds):
    found = {}
    for _ in range(rounds):
        for value in values:
            kind = type(value)
            if kind.__repr__ is int.__repr__:
                found[kind] = "int"
            elif getattr(kind, "__repr__", None) is dict.__repr__:
                found[kind] = "dict"
            elif kind.__repr__ is object.__repr__:
                found[kind] = "object"
    return {kind.__name__: text for kind, text in found.items()}


class Whole(int):
    pass


class Shown(dict):
    def __repr__(self):
        return "shown"


print(representations([1, True, Whole(3), {}, Shown(), [], (), Base(), kinds[0](), kinds[1]()], 80))


def changes(rounds):
    """An attribute comes in the class, a base, the metaclass, there as a descriptor of either kind, and goes."""

    class Plain:
        def __init__(self, text):
            self.text = text

        def __get__(self, instance, owner):
            return self.text

    class Data(Plain):
        def __set__(self, instance, value):
            pass

    class Later:
        """Not a descriptor until its class becomes one."""

    logs = set()
    for i in range(rounds):

        class Meta(type):
            pass

        class Root(metaclass=Meta):
            pass

        kinds = [Meta(f"K{n}", (Root,), {}) for n in range(6)]
        log = []
        for step in range(16):
            for kind in kinds:
                value = getattr(kind, "late", "none")
                try:
                    other = kind.late
                except AttributeError as error:
                    other = str(error)
                log.append(
                    (value if isinstance(value, str) else "object", other if isinstance(other, str) else "object")
                )
                log.append(hasattr(kind, "late"))
            if step == 1:
                Root.late = "root"
            elif step == 3:
                kinds[2].late = "own"
            elif step == 4:
                Meta.late = "meta"
            elif step == 5:
                Meta.late = Plain("plain in meta")
            elif step == 6:
                Meta.late = Data("data in meta")
            elif step == 7:
                Meta.late = Later()
            elif step == 8:
                Later.__get__ = lambda self, instance, owner: "later"
                Later.__set__ = lambda self, instance, value: None
            elif step == 9:
                del Later.__set__, Later.__get__
                del Meta.late
            elif step == 10:
                Root.late = Plain("plain in root")
            elif step == 11:
                del Root.late
            elif step == 12:
                Meta.__getattr__ = lambda cls, name: "asked " + name
            elif step == 13:
                del Meta.__getattr__
                Meta.__getattribute__ = lambda cls, name: "told " + name
            elif step == 14:
                del Meta.__getattribute__
                kinds[3].__bases__ = (type("Other", (Root,), {"late": "other"}),)
        logs.add(str(log))
    return sorted(logs)


for line in changes(60):
    print(line)


def references(rounds):
    marks = [object() for _ in range(6)]
    owners = [type(f"O{i}", (), {"mark": mark}) for i, mark in enumerate(marks)]
    before = [sys.getrefcount(mark) for mark in marks]
    for _ in range(rounds):
        for owner in owners:
            owner.mark
            getattr(owner, "mark")
            getattr(owner, "ma" + "rk", None)
    return [sys.getrefcount(mark) - count for mark, count in zip(marks, before)]


print(references(100))
