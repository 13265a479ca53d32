"""Whole programs: classes, functions, and a driver that calls them with types that change on the way."""

import random

import calls
import loops
import recursion
import syntax
from expressions import ATTRIBUTES, METHODS
from scope import Scope
from simple import Lines
from statements import Statements, indented

PRELUDE = """\
import sys
class Plain:
    n = 5
    def __init__(self, x=0, y=1): self.x = x; self.y = y
    def __repr__(self): return type(self).__name__
    def __hash__(self): return 7
    def m0(self, p0, p1=2): return p1
    def m1(self, p0, p1=2): self.z = p0; return self.x
    def m2(self, *p): return len(p)
"""
MANAGER = """\
class Manager:
    def __init__(self, value, swallow): self.value, self.swallow = value, swallow
    def __enter__(self): return self.value
    def __exit__(self, kind, value, trace):
        print('exit', kind and kind.__name__)
        return self.swallow
"""
ASYNC = """\
class Pause:
    def __init__(self, value): self.value = value
    def __await__(self):
        got = yield self.value
        return got
class Many:
    def __init__(self, count): self.count = count
    def __aiter__(self): return self
    async def __anext__(self):
        if self.count <= 0: raise StopAsyncIteration
        self.count -= 1
        return await Pause(self.count)
class AsyncManager:
    def __init__(self, swallow): self.swallow = swallow
    async def __aenter__(self): return await Pause(1)
    async def __aexit__(self, kind, value, trace):
        await Pause(2)
        return self.swallow
def drive(coroutine):
    value = None
    for _ in range(200):
        try: value = coroutine.send(value)
        except StopIteration as stop: return stop.value
    coroutine.close()
"""


class Programs(Statements):
    """Makes programs; the same random numbers make the same program."""

    def program(self) -> str:
        rng = self.rng
        lines: Lines = []
        self.scope.names.update(G0="int", G1="float", G2="str")
        if rng.random() < 0.5:
            self.scope.names.update(GL="list", GD="dict")
        for number in range(rng.randint(0, 3)):
            lines += self.class_(f"C{number}")
        asynchronous = rng.random() < 0.15
        for number in range(rng.randint(1, 4)):
            kind = rng.choices(("def", "gen", "async"), (6, 2, 2 if asynchronous else 0))[0]
            lines += self.function(f"f{number}", kind)
        lines += self.module_part()
        text = "\n".join(lines)
        head = PRELUDE
        if "Manager(" in text:
            head += MANAGER
        if "Pause(" in text or "drive(" in text or "Many(" in text or "AsyncManager(" in text:
            head += ASYNC
        return head + "G0 = 3\nG1 = 1.5\nG2 = 'g'\nGL = [1, 2, 3]\nGD = {'a': 1, 1: 2}\n" + text + "\n"

    def class_(self, name: str) -> Lines:
        rng = self.rng
        base = (
            f"({rng.choice(self.classes)})"
            if self.classes and rng.random() < 0.4
            else rng.choice(("", "", "", "", "(int)", "(list)", "(dict)"))
        )
        builtin = base in ("(int)", "(list)", "(dict)")
        body: Lines = []
        if rng.random() < 0.2 and not base:
            body.append("__slots__ = ('x', 'y', 'z')")
        elif rng.random() < 0.3:
            body.append(f"{rng.choice(ATTRIBUTES)} = {self.atom('int')}")
        if not base:
            # Addresses must not show.
            body += ["def __repr__(self): return type(self).__name__", "def __hash__(self): return 7"]
        self.room = 14
        if builtin:
            body += [
                "def __new__(cls, *a, **k): return super().__new__(cls)",
                "def __init__(self, x=0, y=1): self.x = x",
            ]
        elif not base or rng.random() < 0.4:
            start = self.method("__init__", ["x", f"y={self.atom('int')}"], 0)
            first = [
                line
                for line in ("self.x = x", "self.y = y", "self.n = 0")
                if rng.random() < 0.8 and not (line[5] == "n" and "__slots__" in "".join(body))
            ]
            if base:
                first.insert(0, "super().__init__(x, y)")
            body += [start[0], *indented(first), *start[1:]]
        for method in METHODS:
            if rng.random() < 0.75:
                inherited = [f"    p0 = super().{method}(p0)"] if base and not builtin and rng.random() < 0.4 else []
                text = self.method(method, ["p0", "p1=2"], 4)
                decorator = rng.random()
                if decorator < 0.06:
                    text[0] = text[0].replace("(self, ", "(")
                    body += ["@staticmethod", "def helper(self): return self", *self.static(text, inherited)]
                elif decorator < 0.12:
                    body += ["@classmethod", text[0], *inherited, *text[1:]]
                else:
                    body += [text[0], *inherited, *text[1:]]
        for special, parameters in (
            ("__len__", []), ("__bool__", []), ("__eq__", ["p0"]), ("__lt__", ["p0"]), ("__add__", ["p0"]), ("__radd__", ["p0"]), ("__iadd__", ["p0"]),
            ("__getitem__", ["p0"]), ("__contains__", ["p0"]), ("__call__", ["p0"]), ("__getattr__", ["p0"]), ("__setattr__", None),
            ("__iter__", None), ("__del__", None), ("property", None),
        ):  # fmt: skip
            if rng.random() > 0.12:
                continue
            if special == "__setattr__":
                body += ["def __setattr__(self, name, value): object.__setattr__(self, name, value)"]
            elif special == "__iter__":
                body += [
                    "def __iter__(self):",
                    f"    for i0 in range({rng.randint(1, 5)}):",
                    "        yield i0",
                    "        yield self.x",
                ]
            elif special == "__del__":
                body += [f"def __del__(self): print('del {name}')"]
            elif special == "__eq__":
                body += [*self.method(special, ["p0"], 2), "__hash__ = lambda self: 9"]
            elif special == "property":
                body += [
                    "@property",
                    "def z(self):",
                    f"    return self.x + {self.atom('int')}",
                    "@z.setter",
                    "def z(self, value):",
                    "    self.x = value",
                ]
            elif special == "__getattr__":
                body += [
                    "def __getattr__(self, name):",
                    "    if name in ('z', 'n', 'm2'): return 4",
                    "    raise AttributeError(name)",
                ]
            else:
                body += self.method(special, list(parameters or []), 2)
        self.classes.append(name)
        return [f"class {name}{base}:", *indented(body or ["pass"])]

    def static(self, text: Lines, inherited: Lines) -> Lines:
        return ["@staticmethod", text[0], "    self = p0", *text[1:]]

    def method(self, name: str, parameters: list[str], size: int) -> Lines:
        outer = self.scope
        self.scope = Scope(outer, "def")
        self.scope.names["self"] = "obj"
        for parameter in parameters:
            self.scope.names[parameter.partition("=")[0]] = "int"
        body = self.block(size, 1) if size else []
        if self.chance(0.6):
            body.append(f"self.{self.rng.choice(ATTRIBUTES)} {self.rng.choice(('=', '+='))} {self.expr('int', 1)}")
        result = {"__len__": f"{self.rng.randrange(5)}", "__bool__": self.expr("bool", 1), "__init__": "None"}.get(
            name
        ) or self.expr("int")
        if name == "__iadd__":
            result = "self"
        self.scope = outer
        return [f"def {name}({', '.join(['self', *parameters])}):", *indented(body), f"    return {result}"]

    def function(self, name: str, kind: str) -> Lines:
        rng = self.rng
        outer = self.scope
        self.scope = Scope(outer, kind)
        self.room = 24
        count = rng.randint(0 if kind == "def" else 1, 3)
        result = self.kind()
        parameters = []
        for number in range(count):
            self.scope.names[f"p{number}"] = "int" if rng.random() < 0.6 else self.kind()
            parameters.append(f"p{number}" + (f"={self.atom('int')}" if number >= 1 or rng.random() < 0.2 else ""))
        defaults = [index for index, text in enumerate(parameters) if "=" in text]
        if defaults and defaults[0] == 0:
            parameters = [text if "=" in text else text + "=0" for text in parameters]
        star = rng.random()
        if star < 0.08:
            parameters.append("*rest")
            self.scope.names["rest"] = "tuple"
        elif star < 0.14:
            parameters += ["*", "kw=3"]
            self.scope.names["kw"] = "int"
        if star > 0.94:
            parameters.append("**more")
            self.scope.names["more"] = "dict"
        body: Lines = []
        if rng.random() < 0.1:
            chosen = rng.choice(("G0", "G1"))
            body.append(f"global {chosen}")
            self.scope.names[chosen] = "int"
        if kind == "def" and rng.random() < 0.1 and count:
            # Recursion that ends.
            body.append(f"if isinstance(p0, int) and 0 < p0 < 12: {self.target('int')} = {name}(p0 - 1)")
        body += self.block(6, 3)
        if kind == "gen":
            body.append(f"yield {self.expr('int')}")
        elif kind == "async":
            body.append(f"{self.target('int')} = await Pause({self.expr('int')})")
        if rng.random() < 0.15:
            body.append("print(sorted(locals())[:6])")
        if kind == "def" or rng.random() < 0.4:
            body.append(f"return {self.expr(result)}")
        self.scope = outer
        if kind == "gen":
            self.generators.append(name)
        elif kind == "async":
            self.coroutines.append(name)
        else:
            self.functions[name] = (result, count)
        return [f"{'async ' if kind == 'async' else ''}def {name}({', '.join(parameters)}):", *indented(body)]

    def module_part(self) -> Lines:
        """Statements of the module, then loops that call each function warm with one kind of argument and surprise it with another."""
        rng = self.rng
        self.room = 14
        lines = self.block(5, 2)
        for name, (_, count) in self.functions.items():
            lines += self.driver(name, count, "print({})")
        for name in self.generators:
            lines += self.driver(
                name, 1, rng.choice(("print(list({}))", "for item in {}: print(item)", "a, *b = {}", "print(sum({}))"))
            )
        for name in self.coroutines:
            lines += self.driver(name, 1, "print(drive({}))")
        return lines

    def driver(self, name: str, count: int, use: str) -> Lines:
        rng = self.rng
        warm, rounds = rng.choice(((3, 6), (8, 12), (14, 20), (25, 30)))
        usual, odd = ("int" if rng.random() < 0.6 else self.kind()), self.kind()
        arguments = []
        for _ in range(count):
            if rng.random() < 0.4:
                arguments.append("r")
            elif rng.random() < 0.5:
                arguments.append(self.expr(usual, 1))
            else:
                arguments.append(f"({self.expr(usual, 1)} if r < {warm} else {self.expr(odd, 1)})")
        call = use.format(f"{name}({', '.join(arguments)})")
        return [
            f"for r in range({rounds}):",
            "    try:",
            f"        {call}",
            "    except Exception as ex:",
            "        print(r, type(ex).__name__, str(ex)[:100], where(ex))",
        ]


def make(seed: str) -> str:
    """The program of a seed. Those whose seeds start with `loops` are made of long loops, with `calls` of loops that call,
    with `recursion` of functions that call themselves, with `syntax` of any syntax there is."""
    if seed.startswith("loops"):
        return loops.make(seed)
    if seed.startswith("calls"):
        return calls.make(seed)
    if seed.startswith("recursion"):
        return recursion.make(seed)
    if seed.startswith("syntax"):
        return syntax.make(seed)
    return Programs(random.Random(seed)).program()
