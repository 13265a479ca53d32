"""A tool that a method behind an operator, a subscript, an attribute, a conversion or a comparison switches on sees the next line of the caller."""

seen = []


def trace(frame, event, arg):
    if frame.f_code.co_name in NAMES:
        seen.append((event, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
        return trace


def with_trace():
    sys.settrace(trace)
    frame = sys._getframe()
    while frame.f_code.co_name not in NAMES:
        frame = frame.f_back
    frame.f_trace = trace


def no_trace():
    sys.settrace(None)


monitoring = sys.monitoring


def note(kind):
    def callback(code, at, *rest):
        if code.co_name in NAMES:
            seen.append(
                (
                    kind,
                    code.co_name,
                    at if kind == "INSTRUCTION" else at - code.co_firstlineno if kind == "LINE" else at,
                )
            )

    return callback


def with_monitoring(*kinds):
    def on():
        monitoring.use_tool_id(2, "tool")
        for kind in kinds:
            monitoring.register_callback(2, getattr(monitoring.events, kind), note(kind))
        monitoring.set_events(2, sum(getattr(monitoring.events, kind) for kind in kinds))

    return on


def no_monitoring():
    monitoring.set_events(2, 0)
    monitoring.free_tool_id(2)


class Switch:
    on = None

    def act(self, result=None):
        if Switch.on:
            on, Switch.on = Switch.on, None
            on()
        return result

    def __add__(self, other):
        return self.act(1)

    __radd__ = __iadd__ = __mul__ = __rsub__ = __add__

    def __pow__(self, other):
        return self.act(2)

    def __lt__(self, other):
        return self.act(True)

    def __gt__(self, other):
        return self.act(True)

    def __eq__(self, other):
        return self.act([])

    __hash__ = object.__hash__

    def __getitem__(self, key):
        return self.act(3)

    def __setitem__(self, key, value):
        self.act()

    def __delitem__(self, key):
        self.act()

    def __contains__(self, value):
        return self.act(True)

    def __neg__(self):
        return self.act(4)

    def __invert__(self):
        return self.act(5)

    def __bool__(self):
        return self.act(False)

    def __len__(self):
        return self.act(6)

    def __format__(self, spec):
        return self.act("formatted")

    def __str__(self):
        return self.act("str")

    def __repr__(self):
        return self.act("repr")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self.act(7)

    def __setattr__(self, name, value):
        self.act()

    def __delattr__(self, name):
        self.act()

    def __iter__(self):
        return iter(self.act([1, 2]))

    def __index__(self):
        return self.act(1)

    def keys(self):
        return self.act(["a"])

    @property
    def prop(self):
        return self.act(8)


class Meta(type):
    def __instancecheck__(cls, x):
        return thing.act(True)


class Checked(metaclass=Meta):
    pass


class Hashed:
    def __hash__(self):
        return thing.act(9)

    def __eq__(self, other):
        return thing.act(True)


thing, hashed = Switch(), Hashed()


def add(x):
    y = x + 1
    z = y
    return z


def radd(x):
    y = 1 + x
    return y


def iadd(x):
    x += 1
    y = x
    return y


def multiply(x):
    y = (x * 2, 1)
    return y


def power(x):
    y = x**2
    return y


def less(x):
    if x < 1:
        y = 1
    else:
        y = 2
    return y


def equal(x):
    y = x == 1
    z = y
    return z


def equal_branch(x):
    while x == 2:
        x = 1
    return 3


def subscript(x):
    y = x[1]
    z = y
    return z


def slices(x):
    y = x[1:2]
    return y


def store_subscript(x):
    x[1] = 2
    y = 1
    return y


def store_slice(x):
    x[1:2] = 2
    y = 1
    return y


def delete_subscript(x):
    del x[1]
    y = 1
    return y


def contains(x):
    y = 1 in x
    return y


def contains_not(x):
    if 1 not in x:
        return 1
    return 2


def negative(x):
    y = -x
    return y


def invert(x):
    y = ~x
    return y


def truth(x):
    if x:
        return 1
    return 2


def negated(x):
    y = not x
    return y


def either(x):
    y = x or 1
    return y


def formatted(x):
    y = f"{x}"
    return y


def formatted_wide(x):
    y = f"{x:>5} {x!r} {x!s}"
    return y


def attribute(x):
    y = x.something
    return y


def property_(x):
    y = x.prop
    return y


def store_attribute(x):
    x.something = 1
    y = 1
    return y


def delete_attribute(x):
    del x.something
    y = 1
    return y


def unpack(x):
    a, b = x
    c = a
    return c


def unpack_star(x):
    a, *b = x
    c = a
    return c


def extend(x):
    a = [0, *x]
    c = a
    return c


def loop(x):
    for i in x:
        c = i
    return c


def index(x):
    y = [1, 2, 3][x]
    return y


def merge(x):
    a = {**x}
    return a


def dict_key(x):
    a = {hashed: 1}
    b = a
    return len(b)


def dict_get(x):
    b = table[hashed]
    return b


def dict_in(x):
    b = hashed in table
    return b


def dict_store(x):
    table[hashed] = 2
    b = 1
    return b


def set_display(x):
    b = {hashed, 1}
    return len(b)


def matches(x):
    match x:
        case Switch(something=7):
            return 1
        case _:
            return 2


def called(x):
    y = len(x)
    return y


def text(x):
    y = str(x)
    return y


def checked(x):
    y = isinstance(x, Checked)
    return y


def chained(x):
    y = 0 if 1 < x < 3 else 4
    return y


def in_a_loop(x):
    total = 0
    for i in range(3):
        total = x + total
        total = 1
    return total


table = {hashed: 1}
FUNCTIONS = [
    add, radd, iadd, multiply, power, less, equal, equal_branch, subscript, slices, store_subscript, store_slice, delete_subscript, contains,
    contains_not, negative, invert, truth, negated, either, formatted, formatted_wide, attribute, property_, store_attribute, delete_attribute,
    unpack, unpack_star, extend, loop, index, merge, dict_key, dict_get, dict_in, dict_store, set_display, matches, called, checked, text, chained, in_a_loop,
]  # fmt: skip
NAMES = {function.__name__ for function in FUNCTIONS}
TOOLS = {
    "trace": (with_trace, no_trace),
    "lines": (with_monitoring("LINE"), no_monitoring),
    "instructions": (with_monitoring("INSTRUCTION"), no_monitoring),
    "branches": (with_monitoring("BRANCH", "JUMP", "PY_RETURN"), no_monitoring),
}
for name, (on, off) in TOOLS.items():
    for function in FUNCTIONS:
        for i in range(60):
            function(thing)
        for i in range(2):
            Switch.on = on
            result = function(thing)
            off()
            print(name, function.__name__, result, Switch.on is None, seen)
            seen.clear()
            function(thing)
