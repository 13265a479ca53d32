"""`isinstance` where the answer is in the type, and where Python code has a say."""

import abc


class Base:
    pass


class Derived(Base):
    pass


class Liar:
    @property
    def __class__(self):
        return Base


class Loud:
    def __getattribute__(self, name):
        log.append(name)
        return super().__getattribute__(name)


class Asked(type):
    def __instancecheck__(cls, instance):
        log.append(type(instance).__name__)
        return len(log) % 2 == 0


class Checked(metaclass=Asked):
    pass


class Abstract(abc.ABC):
    pass


class Slotted:
    __slots__ = ()


class Changing:
    pass


log = []
Abstract.register(int)
values = [1, True, 1.5, "s", (), Base(), Derived(), Liar(), Loud(), Checked(), Slotted(), Base, None, abc, Changing()]
classes = [int, Base, (str, Base), ((int,), Derived), Checked, (Base, Checked), Abstract, int | Base, object, type, ()]


def ask(value, cls):
    if isinstance(value, cls):
        return "yes"
    return "no"


def wrong(value, cls):
    try:
        return isinstance(value, cls)
    except TypeError as error:
        return str(error), error.__traceback__.tb_lineno - wrong.__code__.co_firstlineno


for i in range(40):
    log.clear()
    print([[ask(value, cls) for cls in classes] for value in values], log)
    print(wrong(1, 5), wrong(1, (str, 5)), wrong(1, (int, 5)), wrong(1, list[int]), wrong(1, None))
    if i == 20:
        Changing.__class__ = property(lambda self: Base)
