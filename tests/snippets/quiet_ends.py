"""Objects of many classes end in hot loops. What ends with them looks at the frames: it must see the locals as they are."""

import gc
import sys
import weakref
from zlib import crc32

gc.disable()
seen = []


class Looker:
    def __init__(self):
        self.held = None

    def __del__(self):
        f_locals = sys._getframe(1).f_locals
        seen.append((f_locals.get("i"), f_locals.get("text")))


class Holder:
    def __init__(self, value):
        self.value = value


class Slots:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


class Referred:
    def method(self):
        return self


def called(_):
    f_locals = sys._getframe(1).f_locals
    seen.append(("callback", f_locals.get("i"), f_locals.get("text")))


def closure(value):
    return lambda: value


def finished(value):
    def generator():
        yield value

    made = generator()
    for _ in made:
        pass
    return made


def suspended(value):
    def generator():
        try:
            yield value
        finally:
            called(None)

    made = generator()
    next(made)
    return made


def advanced(iterator):
    next(iterator)
    return iterator


def bound(value):
    referred = Referred()
    referred.value = value
    return referred.method


def watched_function(value):
    made = closure(value)
    references.append(weakref.ref(made, called))
    return made


def watched_set(value):
    made = {1, 2}
    references.append(weakref.ref(made, called))
    return [made, value]


def watched_instance(value):
    made = Holder([value])
    references.append(weakref.ref(made, called))
    return made


def with_dict(value):
    made = Holder(1)
    made.__dict__["other"] = value
    return made


def failed(value):
    error = ValueError(value)
    error.more = [value]
    return error


def deep(value):
    for _ in range(8):
        value = [value]
    return value


def twice(value):
    return [value, value]


def twice_below(value):
    return [(value,), {1: value}]


references = []
MAKERS = [
    lambda value: [value],
    lambda value: (1, "a", value),
    lambda value: {1: value},
    lambda value: {"a": [value]},
    lambda value: {value},
    lambda value: frozenset([value, 1]),
    lambda value: iter([value]),
    lambda value: advanced(iter([1, value])),
    lambda value: reversed([value, 2]),
    lambda value: iter((value, 1)),
    lambda value: enumerate([value]),
    lambda value: advanced(enumerate([value, 1])),
    lambda value: zip([1], [value]),
    lambda value: advanced(zip([1], [value])),
    lambda value: map(id, [value]),
    lambda value: filter(None, (value,)),
    lambda value: {1: value}.items(),
    lambda value: iter({1: value}.values()),
    lambda value: [value].append,
    lambda value: slice(0, value, [value]),
    lambda value: Holder(value),
    lambda value: Slots(value),
    lambda value: Holder([Slots((value,))]),
    lambda value: [0] * 100 + [value],
    lambda value: list(map(str, range(50))) + [value],
    lambda value: memoryview(b"abc"),
    lambda value: [memoryview(bytearray(3)), value],
    closure,
    finished,
    suspended,
    bound,
    watched_function,
    watched_set,
    watched_instance,
    with_dict,
    failed,
    deep,
    twice,
    twice_below,
]


def last_of(make, rounds):
    """The object ends where its local gets another."""
    text, held = "", None
    for i in range(rounds):
        text = f"round {i}"
        held = make(Looker())
    return text, held


def at_once(make, rounds):
    """The object ends as an expression's value, with numbers in locals that memory does not have."""
    text = 0
    for i in range(rounds):
        text = text + i * 3
        if make(Looker()):
            text = text - 1
    return text


def quiet(make, rounds):
    text, held = 0, None
    for i in range(rounds):
        text = text + i
        held = make(i)
    return text, held is None


for number, make in enumerate(MAKERS):
    for function in last_of, at_once, quiet:
        function(make, 150)
        references.clear()
    print(number, len(seen), crc32(repr(seen).encode()), seen[:1], seen[-1:])
    seen.clear()
