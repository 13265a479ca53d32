"""Extension modules from PyPI: C calls compiled functions, and compiled functions call C, with buffers and exceptions both ways. Greenlets take
a part of the C stack away while compiled functions are on it, and bring it back.

Each part runs in every mode and must print the same. What isn't installed is skipped; `cargo xtask develop` installs all.
"""

import importlib.util

import pytest
from conftest import RunModes


def needs(module: str) -> pytest.MarkDecorator:
    """Skips a test where the module isn't installed."""
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"{module} isn't installed (it is in the extra dev of pyproject.toml)")


COMMON = """
import sys, traceback, gc
def shown(error):
    lines = [(frame.f_code.co_name, line) for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == __file__]
    return type(error).__name__, str(error)[:80], lines
def attempt(f, *args):
    try:
        return f(*args)
    except Exception as error:
        return shown(error)
"""

NUMPY = """
import numpy as np

def poly(x):
    if x == 7: raise ValueError("seven")
    return 3 * x * x + 2

def over_rows(row):
    total = 0.0
    for value in row:
        total += value * 2
    return total

def loops(a):
    total = 0
    for i in range(len(a)):
        if a[i] > 3:
            total += a[i]
        a[i] = a[i] + 1
    return total

def buffers(a):
    view = memoryview(a)
    total = 0
    for i in range(len(view)):
        total += view[i]
        view[i] = i
    return total, a.tolist()

class Number:
    def __init__(self, value): self.value = value
    def __add__(self, other): return Number(self.value + getattr(other, "value", other))
    def __radd__(self, other): return Number(self.value * 100)
    def __mul__(self, other): raise TypeError("no product")
    def __array__(self, dtype=None, copy=None): return np.array([self.value, self.value])
    def __repr__(self): return f"N{self.value}"

class Sub(np.ndarray):
    def __array_finalize__(self, obj): self.extra = getattr(obj, "extra", 0) + 1
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        inputs = [np.asarray(x) for x in inputs]
        return ufunc.__name__, getattr(ufunc, method)(*inputs, **kwargs).tolist()

for kind in (np.int64, np.float64, np.int8, np.uint16, object):
    for round in range(20):
        a = np.arange(8).astype(kind)
        print(loops(a), a.tolist(), type(loops(a)).__name__)
        print(attempt(np.frompyfunc(poly, 1, 1), np.arange(5)))
print(np.vectorize(poly)(np.arange(5)).tolist(), attempt(np.vectorize(poly), np.arange(10)))
print(np.apply_along_axis(over_rows, 1, np.arange(12.0).reshape(3, 4)).tolist())
for round in range(12):
    print(buffers(np.arange(6, dtype=np.int32)), attempt(buffers, np.arange(3, dtype=np.complex128)))
    objects = np.array([Number(1), Number(2)], dtype=object)
    print((objects + objects).tolist(), (5 + objects).tolist(), attempt(lambda: objects * 2), attempt(lambda: np.array(Number(3))).tolist())
    sub = np.arange(3).view(Sub)
    print(np.add(sub, 1), attempt(np.add, sub, "x")[0], sub[1:].extra)
    print(attempt(lambda: np.arange(3) @ np.arange(4))[0], attempt(lambda: np.arange(3)[5]), attempt(lambda: np.arange(3)[1:2].sum()))
    print(sorted([np.float64(3), 2, np.int8(1)], key=lambda x: x + 1), [x for x in np.arange(3) if x > np.int64(0)])
    x = np.float64(1.5); y = 2; x += y; x *= np.int32(2); print(x, type(x).__name__, x > y, y < x, x == 7.0, not x)
counts = sys.getrefcount(poly)
for round in range(200): np.frompyfunc(poly, 1, 1)(np.arange(5))
print(sys.getrefcount(poly) - counts)
"""

LXML = """
from lxml import etree

class Target:
    def __init__(self): self.events = []
    def start(self, tag, attributes):
        self.events.append(("start", tag, dict(attributes)))
        if tag == "bad": raise KeyError("bad tag")
    def end(self, tag): self.events.append(("end", tag))
    def data(self, data): self.events.append(("data", data))
    def close(self): return self.events

def parse(text):
    return etree.fromstring(text, etree.XMLParser(target=Target()))

def double(context, nodes):
    return [float(node.text) * 2 for node in nodes][0]

def failing(context, *args):
    raise ValueError("from xpath", len(args))

namespace = etree.FunctionNamespace("http://example.com/f")
namespace.prefix = "f"
namespace["double"] = double
namespace["failing"] = failing

class Resolver(etree.Resolver):
    def resolve(self, url, public_id, context):
        return self.resolve_string('<!ENTITY who "world">', context)

class Element(etree.ElementBase):
    @property
    def size(self): return len(self) + sum(child.size for child in self if isinstance(child, Element))

lookup = etree.ElementDefaultClassLookup(element=Element)
parser = etree.XMLParser(); parser.set_element_class_lookup(lookup)
tree = etree.fromstring("<a><b>1</b><b>2.5</b><c><b>3</b></c></a>", parser)
for round in range(25):
    print(parse("<a x='1'><b>t</b></a>"), attempt(parse, "<a><bad/></a>"), attempt(parse, "<a>")[0])
    print(tree.xpath("f:double(//b)"), attempt(tree.xpath, "f:failing(1, 2)"), tree.size)
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if event == "end" and element.tag == "b": element.set("seen", str(int(element.get("seen", "0")) + 1))
    print(etree.tostring(tree))
    resolving = etree.XMLParser(load_dtd=True, resolve_entities=True); resolving.resolvers.add(Resolver())
    print(attempt(lambda: etree.fromstring("<!DOCTYPE a SYSTEM 'x.dtd'><a>&who;</a>", resolving).text))
    with etree.xmlfile(sys.stdout.buffer) as out:
        sys.stdout.flush()
        with out.element("r"):
            for i in range(3): out.write(etree.Element("e", n=str(i)))
    print(attempt(lambda: [e.no_such for e in tree])[0])
"""

CFFI = """
import cffi
ffi = cffi.FFI()
ffi.cdef("void qsort(void *, size_t, size_t, int (*)(const void *, const void *)); double sqrt(double);"
         "typedef struct { int a; double b; struct { short c; } d; } item; int atoi(const char *);")
C = ffi.dlopen(None)
calls = 0

@ffi.callback("int(const void *, const void *)")
def compare(left, right):
    global calls
    calls += 1
    one, other = ffi.cast("int *", left)[0], ffi.cast("int *", right)[0]
    return (one > other) - (one < other)

errors = []
def handler(kind, value, trace):
    errors.append((kind.__name__, str(value), trace.tb_lineno))
    return -5

@ffi.callback("int(int)", error=-1, onerror=handler)
def risky(x):
    if x % 3 == 0: raise ValueError(x)
    if x % 5 == 0: return True
    return x * 2

@ffi.callback("int(int)")
def recursive(x):
    return 1 if x == 0 else x + recursive(x - 1)

def fields(count):
    items = ffi.new("item[]", count)
    for i in range(count):
        items[i].a = i; items[i].b = i / 2; items[i].d.c = -i
    return sum(item.a + item.b + item.d.c for item in items)

for round in range(15):
    values = ffi.new("int[]", [5, 3, 9, -1, 7, 0, 2])
    C.qsort(values, 7, 4, compare)
    print(list(values), calls)
    print([risky(x) for x in range(8)], errors[-3:], recursive(20))
    print(fields(12), C.sqrt(2.0), C.atoi(b"12"), attempt(C.sqrt, "x")[0], attempt(lambda: values[1000000] if round < 0 else ffi.new("item *").nothing)[0])
    buffer = ffi.buffer(values)
    total = 0
    for i in range(len(buffer)): total += buffer[i][0]
    buffer[0:4] = b"\\1\\0\\0\\0"
    print(total, values[0], attempt(lambda: ffi.new("int[2]")[2])[0], attempt(lambda: ffi.cast("int", object()))[0])
handle = ffi.new_handle(fields)
print(ffi.from_handle(handle)(4))
"""

PYDANTIC = """
from pydantic_core import SchemaValidator, SchemaSerializer, ValidationError, core_schema as cs, PydanticCustomError

def upper(value): return value.upper()
def check(value):
    if value > 50: raise ValueError("too large")
    if value == 13: raise PydanticCustomError("unlucky", "the number {n}", {"n": value})
    if value == 14: raise RuntimeError("not for the validator")
    return value + 1
def wrap(value, handler):
    try: return handler(value) * 2
    except ValidationError as error: return -len(error.errors())

class Model:
    __slots__ = "__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"
    def total(self): return self.number + len(self.name)

schema = cs.model_schema(Model, cs.model_fields_schema({
    "name": cs.model_field(cs.no_info_after_validator_function(upper, cs.str_schema())),
    "number": cs.model_field(cs.no_info_after_validator_function(check, cs.int_schema())),
    "items": cs.model_field(cs.with_default_schema(cs.list_schema(cs.no_info_wrap_validator_function(wrap, cs.int_schema())), default_factory=lambda: [1, 2])),
}))
validator = SchemaValidator(schema)
serializer = SchemaSerializer(cs.any_schema(serialization=cs.plain_serializer_function_ser_schema(lambda value: [type(value).__name__, value])))

def model(data):
    made = validator.validate_python(data)
    return made.name, made.number, made.items, made.total()
def failed(data):
    try: return model(data)
    except ValidationError as error: return [(e["type"], e["loc"], e["msg"]) for e in error.errors()]

for round in range(30):
    print(model({"name": "abc", "number": round}) if round not in (13, 14) else attempt(failed, {"name": "x", "number": round}))
    print(failed({"name": 1, "number": 60}), failed({"name": "b", "number": "7", "items": ["1", "x", 3]}), failed({}))
    print(attempt(validator.validate_json, b'{"name": "q", "number": 3}').total(), attempt(validator.validate_json, b'{"name"')[0])
    print(serializer.to_json(round), serializer.to_python("x"), attempt(serializer.to_json, object())[0])
"""

GREENLET = """
import random
from greenlet import GreenletExit, getcurrent, greenlet

class Number:
    def __init__(self, value): self.value = value
    def __add__(self, other): return Number(self.value + other.value)

def work(main, count, seed):
    total, got = Number(0), []
    for i in range(count):
        total = total + Number(i ^ seed)
        if i % 7 == seed % 7:
            got.append(main.switch(("at", i, total.value)))
        try:
            if i % 11 == 3: raise ValueError(i)
        except ValueError as error:
            got.append(error.args[0])
            # Out of the handler, and back into it.
            if i % 2: main.switch(("caught", i, len(got), error.args))
    return "done", total.value, len(got)

def items(main, count):
    for i in range(count):
        got = main.switch(("item", i))
        yield i * 2 if got is None else got

def consumer(main, count):
    total = 0
    for item in items(main, count): total += item
    return "sum", total

def deep(main, depth):
    if depth == 0: return main.switch("deep") or 0
    return deep(main, depth - 1) + 1

def scheduler(count):
    main, choice, seen = getcurrent(), random.Random(5), 0
    starts = [(work, count, seed) for seed in range(6)] + [(consumer, count), (deep, 40)]
    waiting = [(greenlet(function), (main, *args)) for function, *args in starts]
    while waiting:
        at = choice.randrange(len(waiting))
        one, args = waiting[at]
        result = one.switch(*args) if args else one.switch(choice.randrange(5))
        waiting[at] = one, ()
        seen = (seen * 31 + len(repr(result))) % 1000003
        if one.dead: waiting.pop(at)
    return seen

def dropped(rounds):
    main, ends = getcurrent(), []
    def loop():
        try:
            for i in range(1000): main.switch(i)
        except GreenletExit:
            ends.append(i)
            raise
        finally:
            ends.append("finally")
    for round in range(rounds):
        one = greenlet(loop)
        for _ in range(3 + round % 4): one.switch()
        if round % 3 == 0: print(attempt(one.throw, KeyError(round)))
        del one
    return ends

for round in range(15):
    print(scheduler(40 + round))
print(dropped(40))
"""


@needs("numpy")
def test_numpy(run_modes: RunModes) -> None:
    outcomes = run_modes(COMMON + NUMPY)
    assert "('ValueError', 'seven', [('attempt'," in outcomes["off"].out


@needs("lxml")
def test_lxml(run_modes: RunModes) -> None:
    run_modes(COMMON + LXML)


@needs("cffi")
def test_cffi(run_modes: RunModes) -> None:
    run_modes(COMMON + CFFI)


@needs("pydantic_core")
def test_pydantic_core(run_modes: RunModes) -> None:
    run_modes(COMMON + PYDANTIC)


@needs("greenlet")
def test_greenlet(run_modes: RunModes) -> None:
    outcomes = run_modes(COMMON + GREENLET)
    assert "finally" in outcomes["off"].out
