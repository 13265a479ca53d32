"""Programs of loops that call functions, methods, constructors, operators, properties, closures, to be inlined.

Callees fail, look at the frames around them, change what their callers have read already, and are replaced in the
middle of a loop.
"""

import random

CONSTANTS = ["0", "1", "-1", "3", "7", "300", "2**31", "2**62", "10**25", "0.5", "-2.25", "1e16", "True", "None", "'a'"]
NUMBERS = CONSTANTS[:12]

PRELUDE = """\
import sys
LOG = []; GL = [1, 2.5, 3, 400]; GD = {0: 1, 1: 2.5, 'k': 3}; GC = 0
class Late:
    def __init__(self, tag=0): self.tag = tag
    def __repr__(self): return 'Late'
    def __del__(self):
        if len(LOG) < 60:
            f = sys._getframe(1); seen = []
            while f is not None and f.f_code.co_filename == '<program>' and len(seen) < 4:
                seen.append((f.f_code.co_name, f.f_lineno, sorted((k, v) for k, v in f.f_locals.items() if f.f_code.co_name != '<module>' and type(v) in (int, float, str))))
                f = f.f_back
            LOG.append((self.tag, repr(seen)[:300]))
def frames(n):
    f = sys._getframe(1); seen = []
    while f is not None and f.f_code.co_filename == '<program>' and len(seen) < n:
        seen.append((f.f_code.co_name, f.f_lineno, f.f_lasti, sorted((k, repr(v)[:40]) for k, v in f.f_locals.items() if f.f_code.co_name != '<module>')))
        f = f.f_back
    return seen
def note(*what):
    if len(LOG) < 60: LOG.append(repr(what)[:600])
def poke(depth, name, value): sys._getframe(depth).f_locals[name] = value; return value
"""
REDEFINED = ("h0", "h1", "h2")
OPERATORS = {
    "__add__": "{o} + {x}",
    "__radd__": "{x} + {o}",
    "__iadd__": "{o} + {x}",
    "__sub__": "{o} - {x}",
    "__mul__": "{o} * 3",
    "__lt__": "{o} < {x}",
    "__eq__": "{o} == {x}",
    "__getitem__": "{o}[{x}]",
    "__contains__": "{x} in {o}",
    "__call__": "{o}({x})",
    "__neg__": "-{o}",
    "__len__": "len({o})",
    "__bool__": "bool({o})",
    "__hash__": "hash({o})",
    "__getattr__": "{o}.missing",
    "__index__": "GL[{o}]",
    "__str__": "str({o})",
    "__format__": "f'{{{o}}}'",
}
UNARY = ("__neg__", "__len__", "__bool__", "__hash__", "__index__", "__str__")


class Calls:
    """Makes one program."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.functions: list[tuple[str, int, int]] = []  # name, fewest and most arguments
        self.classes: list[str] = []
        self.operators: set[str] = set()
        self.names: list[str] = []
        self.objects: list[str] = []
        self.counter = ""
        self.depth = 0
        self.method = ""

    def pick(self, *choices: str) -> str:
        return self.rng.choice(choices)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def name(self) -> str:
        return self.rng.choice([*self.names, *([self.counter] if self.counter else [])] or ["3"])

    def call(self, depth: int) -> str:
        """A call of a function that is there already."""
        if not self.functions:
            return self.name()
        name, fewest, most = self.rng.choice(self.functions)
        count = self.rng.randint(fewest, most) if not self.chance(0.02) else most + 1
        arguments = [self.value(depth - 1) for _ in range(count)]
        if count and self.chance(0.06):
            arguments[-1] = f"a{count - 1}={arguments[-1]}"
        return f"{name}({', '.join(arguments)})"

    def on_object(self, depth: int) -> str:
        """Something that an instance does."""
        if not self.objects:
            return self.value(depth - 1)
        o, x = self.rng.choice(self.objects), self.value(depth - 1)
        if self.operators and self.chance(0.4):
            return "(" + OPERATORS[self.rng.choice(sorted(self.operators))].format(o=o, x=x) + ")"
        return self.pick(
            f"{o}.m0({x})",
            f"{o}.m1({x}, {self.name()})",
            f"{o}.m0(a0={x})",
            f"{o}.m0(GL[::-1][0])",
            f"{o}.m1(GL[{self.counter or 0} % 2::2][-1], {x})",
            f"{o}.x",
            f"{o}.y",
            f"{o}.p",
            f"{o}.s({x})",
            f"{o}.c({x})",
            f"{o}.k",
            f"{o}.m1({x})",
        )

    def value(self, depth: int = 2) -> str:
        kind = self.rng.random()
        if depth <= 0 or kind < 0.2:
            return self.name() if self.chance(0.75) else self.rng.choice(CONSTANTS if self.chance(0.3) else NUMBERS)
        if kind < 0.4:
            if self.chance(0.15):
                return f"({self.value(depth - 1)} * {self.pick('3', '-1', '0.5', '2**20', 'True')})"
            return f"({self.value(depth - 1)} {self.pick('+', '-', '+', '-', '//', '%', '&')} {self.value(depth - 1)})"
        if kind < 0.55:
            return self.call(depth)
        if kind < 0.75:
            return self.on_object(depth)
        if kind < 0.8 and self.classes and self.depth:
            return f"{self.rng.choice(self.classes)}({self.value(0)}).{self.pick('x', 'y', 'm0(2)', 'p')}"
        if kind < 0.9:
            i = self.counter or "1"
            return self.pick(
                f"GL[{i} % 4]", "GL[0]", "GL[-1]", f"GD[{i} & 1]", "GD['k']", "GC", "len(GL)", f"GD.get({self.name()})"
            )
        if kind < 0.95:
            return f"({self.value(depth - 1)} if {self.condition()} else {self.value(depth - 1)})"
        return self.pick(
            f"(lambda z: z + {self.name()})({self.value(0)})",
            f"({self.name()}, {self.value(0)})",
            f"[{self.name()}][0]",
            f"(lambda: {self.name()})()",
        )

    def condition(self) -> str:
        a, b = self.name(), self.value(0)
        return self.pick(
            f"{a} < {b}", f"{a} == {b}", f"{a}", f"not {a}", f"{a} is {b}", f"{a} >= 5", f"type({a}) is int"
        )

    def effect(self) -> str:
        """What a callee changes under its callers."""
        n, i = self.name(), self.counter or self.name()
        return self.pick(
            f"GL[0] = {n}",
            f"GL[1] = {n}",
            f"GL.append({n}); del GL[4:]",
            "GL.reverse()",
            "GL[:] = [5, 6, 7, 8]",
            f"GD[0] = {n}",
            f"GD['k'] = {n}",
            f"global GC; GC = {n}",
            f"GD[{n}] = 1; del GD[{n}]",
            f"note({n}, frames(3))",
            "note(sorted(locals())[:5])",
            f"note({n})",
            f"if type({n}) is int and {n} % 40 == 17: raise ValueError({n})",
            f"if type({n}) is int and {n} % 50 == 33: raise KeyError({n})",
            f"Late({n})",
            # What runs is replaced, and nobody but its frames holds it.
            f"if {n} == {self.rng.choice([5, 40, 77])}: C0.{self.pick('m0', 'm1', '__init__', 'p', '__getitem__', '__add__')} = lambda *a: {self.pick('None', '1', 'a[-1]', 'GL[0]')}",
            f"if {n} == {self.rng.choice([5, 40, 77])}: globals()[{self.pick('h0', 'h1', 'h2')!r}] = lambda *a: {self.pick('None', '1', '2.5', 'len(a)')}",
            f"if {n} == {self.rng.choice([5, 40, 77])}: h0.__code__ = note.__code__",
            f"if {n} == 50: C0.p = property(lambda self: {n})",
            "GL.pop(); GL.append(3)",
            "GL.insert(0, GL.pop())",
            f"if {i} == 60: poke(1, {n!r}, 5)",
            f"if {i} == 60: poke(2, {self.pick('v0', 'v1', 'a0')!r}, 5.5)",
            f"if {i} == 88: note(frames(5))",
        )

    def body(self, names: list[str], size: int) -> list[str]:
        """The statements of a callee."""
        outer, self.names = self.names, [*names]
        lines = []
        for number in range(self.rng.randint(0, size)):
            kind = self.rng.random()
            local = f"t{number % 2}"
            if kind < 0.45:
                lines.append(f"{local} = {self.value()}")
                self.names.append(local)
            elif kind < 0.6:
                lines.append(self.effect())
            elif kind < 0.7:
                lines.append(f"if {self.condition()}: return {self.value()}")
            elif kind < 0.76:
                lines += [f"for j in range({self.rng.randint(0, 4)}):", f" {self.name_to_assign()} = {self.value(1)}"]
            elif kind < 0.84:
                lines += [
                    "try:",
                    f" {self.effect()}",
                    f" {local} = {self.value()}",
                    f"except {self.pick('ValueError', 'Exception', 'TypeError')} as e:",
                    f" {local} = {self.value(0)}",
                ]
                lines += [f"{local} = {self.value(0)}"]
                self.names.append(local)
            elif kind < 0.9:
                lines += ["try:", f" {self.effect()}", "finally:", f" note({self.name()})"]
            elif kind < 0.95:
                lines.append(f"w = Late({self.name()})")
            elif self.objects:
                lines.append(
                    f"{self.rng.choice(self.objects)}.{self.pick('x', 'y', 'k', 'z')} {self.pick('=', '+=')} {self.value(1)}"
                )
        if self.chance(0.9):
            lines.append(f"return {self.value() if self.chance(0.9) else self.pick('None', 'Late(9)', 'a0', '1.5')}")
        lines = [line for line in lines if "return a0" not in line or "a0" in names] or ["pass"]
        # A declaration comes first.
        if any("global GC" in line for line in lines):
            lines = ["global GC", *(line.replace("global GC; ", "") for line in lines)]
        self.names = outer
        return lines

    def name_to_assign(self) -> str:
        found = [name for name in self.names if name[0] in "tav"]
        return self.rng.choice(found) if found else "t0"

    def function(self, name: str, indent: str = "", first: str = "") -> list[str]:
        """A function; its parameters are a0, a1, …, the last of them with defaults."""
        rng = self.rng
        most = rng.randint(0, 3)
        fewest = rng.randint(0, most)
        names = [f"a{n}" for n in range(most)]
        parameters = [
            text if n < fewest else f"{text}={rng.choice([*CONSTANTS, '(1, 2)', 'Late(8)'])}"
            for n, text in enumerate(names)
        ]
        if self.chance(0.12):
            # A closure.
            lines = [
                f"def make_{name}(u):",
                *(
                    f" {line}"
                    for line in [
                        f"def {name}({', '.join(parameters)}):",
                        *(f" {line}" for line in self.body([*names, "u"], 4)),
                    ]
                ),
            ]
            lines += [
                f" {self.pick('u = 4', 'pass')}",
                f" return {name}",
                f"{name} = make_{name}({rng.choice(CONSTANTS)})",
            ]
        else:
            lines = [f"def {name}({', '.join(parameters)}):", *(f" {line}" for line in self.body(names, 4))]
        self.functions.append((name, fewest, most))
        return [indent + line for line in lines]

    def class_(self, name: str) -> list[str]:
        rng = self.rng
        base = rng.choice(self.classes) if self.classes and self.chance(0.5) else ""
        lines = [f"class {name}{f'({base})' if base else ''}:"]
        if not base and self.chance(0.2):
            lines.append(" __slots__ = ('x', 'y', 'z', 'k')")
        else:
            lines.append(f" k = {rng.choice(CONSTANTS)}")
        # Addresses must not show.
        lines += [f" def __repr__(self): return {name!r}", " def __hash__(self): return 5"]
        self.objects = ["self"]
        if not base or self.chance(0.5):
            extra = self.body(["a0", "a1"], 1)
            extra = [line for line in extra if "return" not in line] if self.chance(0.97) else extra
            lines += [
                f" def __init__(self, a0={rng.choice(NUMBERS)}, a1={rng.choice(CONSTANTS)}):",
                *([f"  {base}.__init__(self, a0)"] if base and self.chance(0.5) else []),
                "  self.x = a0",
                *(["  self.y = a1"] if self.chance(0.9) else []),
                *(f"  {line}" for line in extra),
            ]
        for method, parameters in (("m0", ["a0"]), ("m1", ["a0", "a1=2"])):
            if not base or self.chance(0.5):
                names = [parameter.partition("=")[0] for parameter in parameters]
                lines += [f" def {method}(self, {', '.join(parameters)}):"]
                if base and self.chance(0.3):
                    lines.append(f"  a0 = super().{method}(a0)")
                lines += [f"  {line}" for line in self.body(names, 3)]
        self.objects = []
        lines += [" @staticmethod", " def s(a0):", *(f"  {line}" for line in self.body(["a0"], 2))]
        lines += [" @classmethod", " def c(cls, a0):", *(f"  {line}" for line in self.body(["a0"], 2))]
        self.objects = ["self"]
        lines += [" @property", " def p(self):", *(f"  {line}" for line in self.body([], 2))]
        for operator in rng.sample(sorted(OPERATORS), rng.randint(1, 6)):
            self.operators.add(operator)
            parameters = [] if operator in UNARY else ["a0"]
            result = {
                "__len__": "3",
                "__bool__": "self.x is not None",
                "__hash__": "4",
                "__index__": "1",
                "__str__": "'text'",
                "__format__": "'form'",
            }.get(operator)
            body = self.body(parameters, 2)
            if result is not None and self.chance(0.95):
                body = [*(line for line in body if "return" not in line), f"return {result}"]
            lines += [f" def {operator}({', '.join(['self', *parameters])}):", *(f"  {line}" for line in body)]
        self.objects = []
        self.classes.append(name)
        return lines

    def change(self) -> str:
        """What is replaced in the middle of a loop."""
        rng, i = self.rng, self.counter
        function = rng.choice(self.functions)[0] if self.functions else "note"
        other = rng.choice(self.functions)[0] if self.functions else "note"
        owner, o = rng.choice(self.classes), rng.choice(self.objects)
        what = self.pick(
            f"globals()[{function!r}] = {other}",
            f"globals()[{function!r}] = lambda *a: {self.pick('1', '2.5', 'a', 'len(a)')}",
            f"{function}.__defaults__ = {self.pick('(1,)', '(1.5, 2)', '(3, 4, 5)', 'None', '(Late(7), 1, 2)')}",
            f"{function}.__code__ = {other}.__code__",
            f"{owner}.m0 = lambda self, a0=1: {self.pick('a0', '7', 'self.x')}",
            f"{owner}.k = {rng.choice(CONSTANTS)}",
            f"{owner}.p = {rng.choice(CONSTANTS)}",
            f"{owner}.__init__ = lambda self, a0=1, a1=2: {self.pick('None', 'setattr(self, `x`, a0)', '3').replace('`', chr(39))}",
            f"{owner}.__add__ = lambda self, a0: {self.pick('1', 'a0', 'NotImplemented')}",
            f"{owner}.__getitem__ = lambda self, a0: {self.pick('1', 'a0', 'GL[0]')}",
            f"{o} = {rng.choice(self.classes)}({rng.choice(NUMBERS)})",
            f"{o} = {rng.choice(CONSTANTS)}",
            f"{o}.x = {rng.choice(CONSTANTS)}",
            f"{o}.m0 = lambda a0: a0",
            f"{o}.k = 4",
            f"{o}.__class__ = {owner}",
            f"del {o}.x",
            f"{o}.__dict__['y'] = 3",
            f"{o}.__dict__ = {{'x': 2, 'y': 3}}",
            f"v0 = {rng.choice(CONSTANTS)}",
            "globals()['GL'] = [9, 8, 7, 6]",
            "globals()['GD'] = {0: 5, 1: 6, 'k': 7}",
            f"globals()['len'] = lambda x: {self.pick('3', 'x')}",
            f"{owner}.__call__ = lambda self, *a: a",
            f"{owner}.__del__ = lambda self: note('end')",
        )
        return f"if {i} == {rng.choice([30, 45, 61, 70, 83, 100])}: {what}"

    def statement(self, depth: int) -> list[str]:
        rng = self.rng
        kind = rng.random()
        v, w = rng.choice(["v0", "v1", "v2"]), rng.choice(["w0", "w1"])
        if kind < 0.3:
            return [f"{v} = {self.value()}"]
        if kind < 0.4:
            return [
                f"{v} {self.pick('+=', '-=', '//=')} {self.value(1)}",
                f"if type({v}) is int and {v}.bit_length() > 200 or isinstance({v}, (str, tuple, list)): {v} = 3",
            ]
        if kind < 0.5:
            return [f"{w} = {self.value()}"]
        if kind < 0.58 and self.classes:
            return [
                f"{rng.choice(self.objects)} = {rng.choice(self.classes)}({self.value(1) if self.chance(0.7) else ''})"
            ]
        if kind < 0.66:
            place = self.pick("GL[0]", "GL[1]", "GD[0]", "GD['k']")
            return [f"{v} = {place}", f"{w} = {self.call(1)}", f"{self.pick('v0', 'v1')} = {place}"]
        if kind < 0.71 and self.objects:
            o = rng.choice(self.objects)
            return [
                f"{v} = {o}.x",
                self.pick(f"{w} = {o}.m0({v})", f"{w} = {o}.p", f"{o}.x = {self.name()}"),
                f"{v} = {o}.x",
            ]
        if kind < 0.76 and self.objects:
            return [
                f"{rng.choice(self.objects)}.{self.pick('x', 'y', 'z', 'k')} {self.pick('=', '+=')} {self.value(1)}"
            ]
        if kind < 0.84 and self.chance(0.7):
            return [self.change()]
        if kind < 0.94 and depth > 0:
            body = [*self.statement(0), *self.statement(depth - 1)]
            return [
                "try:",
                *(f" {line}" for line in body),
                f"except {self.pick('Exception', 'ValueError', '(TypeError, KeyError)')} as e:",
                f" note(type(e).__name__, e.args, where(e)); {v} = {rng.choice(CONSTANTS)}",
                *(["finally:", f" {w} = {self.name()}"] if self.chance(0.2) else []),
            ]
        if kind < 0.97 and depth > 0:
            return [
                f"if {self.condition()}:",
                *(f" {line}" for line in self.statement(depth - 1)),
                *(["else:", *(f" {line}" for line in self.statement(depth - 1))] if self.chance(0.4) else []),
            ]
        if depth > 0:
            outer, self.counter = self.counter, f"{self.counter}i"
            lines = [
                f"for {self.counter} in range({rng.choice([3, 6, 20])}):",
                *(f" {line}" for line in self.statement(depth - 1)),
            ]
            self.counter = outer
            return lines
        return [f"{w} = Late({self.name()})"]

    def loop(self, number: int) -> list[str]:
        rng = self.rng
        self.names, self.objects, self.depth, self.counter = ["v0", "v1", "v2", "w0"], ["o0", "o1"], 1, "i"
        lines = [f"def f{number}(v0, v1, v2, o0, o1):", " w0 = w1 = None"]
        body = [line for _ in range(rng.randint(2, 6)) for line in self.statement(2)]
        head = self.pick(
            "for i in range(120):",
            "for i in range(120):",
            "i = -1\n while i < 119:\n  i += 1",
            "for i in list(range(120)):",
            "for i in (j for j in range(120)):",
        )
        lines += [f" {head}"]
        if self.chance(0.75):
            lines += [
                "  try:",
                *(f"   {line}" for line in body),
                "  except Exception as e:",
                f"   note(i, type(e).__name__, str(e)[:60], where(e)); {self.pick('pass', 'v0 = 1', 'o0 = o1', 'v1 = v2 = 2.5')}",
            ]
        else:
            lines += [f"  {line}" for line in body]
        if self.chance(0.4):
            lines += [f" for i in range(60): v1 = {self.value()}"]
        self.names, self.objects, self.depth, self.counter = [], [], 0, ""
        return [*lines, " return (v0, v1, v2, w0, w1, o0, o1)"]

    def program(self) -> str:
        rng = self.rng
        text = [PRELUDE]
        for number in range(rng.randint(1, 3)):
            text += self.function(f"h{number}")
        for number in range(rng.randint(1, 2)):
            text += self.class_(f"C{number}")
        for number in range(3, rng.randint(3, 5)):
            text += self.function(f"h{number}")
        for number in range(rng.randint(1, 2)):
            text += self.loop(number)
            for _ in range(rng.randint(2, 4)):
                usual = rng.choice([["1", "7", "300"], ["0.5", "2.0"], CONSTANTS])
                numbers = [rng.choice(usual) for _ in range(3)]
                objects = [
                    f"{rng.choice(self.classes)}({rng.choice(usual)})" if self.chance(0.95) else "3" for _ in range(2)
                ]
                text += [
                    "try:",
                    f" r = f{number}({', '.join([*numbers, *objects])})",
                    " print(repr(r)[:1500])",
                    "except Exception as e:",
                    " print(type(e).__name__, str(e)[:100], where(e)); e = None",
                ]
        return "\n".join([*text, "r = None", "print(GL, GD, GC)", "for line in LOG: print(line)"]) + "\n"


def make(name: str) -> str:
    """The program of that name."""
    return Calls(random.Random(name)).program()
