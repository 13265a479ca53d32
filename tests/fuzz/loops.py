"""Programs of long loops, for the optimizing tier: numbers at the edges of their representations, types that change after a while, identity,
frames that are looked at from callees and finalizers, exceptions, unbound locals, generators.
"""

import random

NUMBERS = [
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "-5",
    "255",
    "256",
    "257",
    "-6",
    "1000",
    "2**29",
    "2**30-1",
    "2**30",
    "-(2**30)",
    "2**31",
    "2**32-1",
    "2**59",
    "2**60-1",
    "2**60",
    "-(2**60)",
    "2**62",
    "2**63-1",
    "-(2**63)",
    "2**63",
    "10**25",
    "0.0",
    "-0.0",
    "0.5",
    "1.5",
    "-2.25",
    "1e16",
    "1e308",
    "INF",
    "-INF",
    "NAN",
    "True",
    "False",
]
OTHERS = ("None", "'a'", "'xy'", "(1, 2)", "[1]", "b'q'", "3", "2.5", "Plain(1)", "Late()", "NAN", "{}")

PRELUDE = """\
import sys
INF = float('inf'); NAN = float('nan'); BIG = 10**40
LOG = []
class Plain:
    n = 5
    def __init__(self, x=0, y=1): self.x = x; self.y = y
    def __repr__(self): return 'Plain'
    def add(self, v): self.x = v; return self.y
class Late:
    def __repr__(self): return 'Late'
    def __del__(self):
        f = sys._getframe(1)
        if len(LOG) < 40: LOG.append((f.f_code.co_name, f.f_lineno, repr(sorted((k, v) for k, v in f.f_locals.items() if k[0] == 'v' and type(v) in (int, float, str, bool)))[:150]))
class Odd:
    def __add__(self, other): return 1
    def __radd__(self, other): return 2.5
    def __lt__(self, other): return sys._getframe(1).f_locals.get('v0') == 3
    def __repr__(self): return 'Odd'
def peek(name='v0'): return sys._getframe(1).f_locals.get(name)
def poke(name, value): sys._getframe(1).f_locals[name] = value; return value
def same(x): return x
def small(x):
    if type(x) is int and x.bit_length() > 300: return x & 0xffff
    if type(x) in (str, bytes, list, tuple) and len(x) > 60: return x[:3]
    return x
def count(n):
    k = 0
    while k < n:
        yield k
        k += 1
def fail(x):
    if x == 90: raise ValueError(x)
    return x
"""


class Loops:
    """Makes one program."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.names = ["v0", "v1", "v2", "v3"]
        self.any = ["w0", "w1", "w2"]
        self.counters: list[str] = []
        self.fresh = 0
        self.loops = 0
        self.generator = False

    def name(self) -> str:
        return self.rng.choice(self.names + self.counters)

    def number(self, depth: int = 2) -> str:
        rng = self.rng
        kind = rng.random()
        if depth <= 0 or kind < 0.3:
            return self.name() if rng.random() < 0.75 else rng.choice(NUMBERS)
        if kind < 0.62:
            op = rng.choice(["+", "-", "+", "-", "*", "/", "//", "%"])
            if op in ("/", "//", "%") and rng.random() < 0.85:
                return (
                    f"({self.number(depth - 1)} {op} {rng.choice(['3', '-7', '2.5', '2**33', '1', '-1', '0.5', '2'])})"
                )
            right = (
                self.number(depth - 1)
                if op != "*"
                else rng.choice([*self.counters, "3", "-1", "0.5", "2**20", "2**31", "1.0"])
            )
            return f"({self.number(depth - 1)} {op} {right})"
        if kind < 0.68:
            op = rng.choice(["&", "|", "^"])
            left = f"int_({self.number(depth - 1)})" if rng.random() < 0.1 else rng.choice([*self.counters, "True"])
            return f"({left} {op} {rng.choice([*self.counters, '255', '2**40', '-1', '-(2**62)'])})"
        if kind < 0.72:
            counter = rng.choice(self.counters or ["3"])
            return rng.choice(
                [
                    f"({counter} << 3)",
                    f"({counter} >> 1)",
                    f"(1 << {counter} % 70)",
                    f"(-5 >> {counter} % 70)",
                    f"({counter} & 7)",
                    f"({counter} ^ -3)",
                ]
            )
        if kind < 0.78:
            return f"({self.number(depth - 1)} if {self.condition(depth - 1)} else {self.number(depth - 1)})"
        if kind < 0.84:
            return rng.choice(
                [
                    f"(-{self.name()})",
                    f"abs({self.name()})",
                    f"same({self.name()})" if rng.random() < 0.1 else f"bool({self.name()})",
                    f"float({self.name()})" if rng.random() < 0.1 else f"min({self.name()}, 3)",
                    f"({self.name()} + 0)",
                    f"(+{self.name()})",
                ]
            )
        if kind < 0.93:
            index = rng.choice([*self.counters, "1", "-1", "2"])
            return rng.choice(
                [
                    f"L[{index} % 5]",
                    f"T[{index} % 3]",
                    f"D.get({index}, 1)",
                    "o.x",
                    "o.y",
                    "o.n",
                    f"F[{index} % 4]",
                    f"M[{index} % 3][{index} % 2]",
                ]
            )
        if kind < 0.97:
            return f"({self.condition(depth - 1)})"
        return f"({self.name()} {rng.choice(['or', 'and'])} {self.number(depth - 1)})"

    def condition(self, depth: int = 1) -> str:
        rng = self.rng
        kind = rng.random()
        if kind < 0.6:
            return f"{self.number(depth)} {rng.choice(['<', '>', '<=', '>=', '==', '!='])} {self.number(depth)}"
        if kind < 0.7:
            # A number that was stored may be another object than the variable has afterwards: docs/optimizing-tier.md.
            return f"{self.name()} is {rng.choice([self.name(), 'None', 'True', 'T[1]'])}"
        if kind < 0.75:
            return f"{rng.choice(self.any)} is {rng.choice([*self.any, 'None'])}"
        if kind < 0.85:
            return f"not {self.name()}"
        if kind < 0.92:
            return f"{self.number(1)} {rng.choice(['in', 'not in'])} {rng.choice(['T', 'L', 'F'])}"
        return f"{self.name()}"

    def anything(self) -> str:
        rng = self.rng
        choices = [
            rng.choice(OTHERS),
            rng.choice(self.any),
            self.number(1),
            f"({self.number(1)}, {rng.choice(self.any)})",
            f"[{rng.choice(self.any)}]",
            f"f'{{{self.name()}}}'",
        ]
        choices += [
            f"small({rng.choice(self.any)})",
            f"L[{rng.choice(self.counters or ['1'])} % 5]",
            f"({rng.choice(self.any)} or {rng.choice(self.any)})",
        ]
        return rng.choice(choices)

    def statement(self, depth: int) -> list[str]:
        rng = self.rng
        v, w = rng.choice(self.names), rng.choice(self.any)
        i = rng.choice(self.counters or ["v0"])
        kind = rng.random()
        if kind < 0.22:
            return [f"{v} = {self.number(3)}"]
        if kind < 0.34:
            op = rng.choice(["+=", "-=", "+=", "-=", "//=", "/=", "%="])
            right = self.number(1) if op in ("+=", "-=") or rng.random() < 0.1 else rng.choice(["3", "-2", "0.75", "7"])
            return [f"{v} {op} {right}"]
        if kind < 0.38:
            return [f"{v} *= {rng.choice(['3', '-1', '0.5', i, '2**31'])}", f"if {v} > 1e40: {v} = 5"]
        if kind < 0.44:
            a, b = rng.sample(self.names + self.any[:1], 2)
            if "w" in a + b:
                a, b = rng.sample(self.names, 2)
            return [
                rng.choice(
                    [
                        f"{a}, {b} = {b}, {a}",
                        f"{a} = {b} = {self.number(2)}",
                        f"{a}, {b}, {self.names[3]} = {b}, {self.number(1)}, {a}",
                        f"{a} = {b}",
                    ]
                )
            ]
        if kind < 0.50:
            return [f"{w} = {self.anything()}"]
        if kind < 0.54:
            return [
                rng.choice(
                    [
                        f"L[{i} % 5] = {self.number(1)}",
                        f"L[{i} % 5] = {self.anything()}; L[{i} % 5] = {v}",
                        f"D[{i} & 7] = {self.number(1)}",
                        f"o.x = {self.number(1)}",
                        f"o.y = {v}",
                        f"M[{i} % 3][{i} & 1] = {v}",
                        f"F[{i} % 4] = float_({v})",
                    ]
                )
            ]
        if kind < 0.58:
            at = rng.choice([33, 47, 60, 75, 100, 120])
            return [f"if {i} {rng.choice(['==', '>'])} {at}: {v} = {rng.choice(NUMBERS)}"]
        if kind < 0.62:
            return [f"if {i} == {rng.choice([40, 70, 90])}: {w} = {rng.choice(OTHERS)}"]
        if kind < 0.66:
            return [
                rng.choice(
                    [
                        f"{w} = peek({rng.choice(['v0', 'v1', 'w0'])!r})",
                        f"if {i} % 50 == 49: poke({v!r}, {rng.choice(NUMBERS)})",
                        f"{w} = [q for q in T if q != {v}]",
                        f"{w} = sum(F)",
                        f"LOG.append({v}) if {i} % 40 == 1 else None",
                    ]
                )
            ]
        if kind < 0.69:
            return [
                rng.choice(
                    [
                        f"{w} = {v}.__class__.__name__",
                        f"{w} = Late()",
                        f"{w} = None",
                        f"{w} = (lambda z: z)({v})",
                        f"out.append({v}); out.append({w}); del out[:-6]",
                        f"{v} = o.add({v}) if isinstance(o.y, (int, float)) else 1",
                    ]
                )
            ]
        if kind < 0.74 and depth > 0:
            bad = rng.choice(
                [
                    f"{v} = 1 // ({i} % 17)",
                    f"{v} = L[{i} % 7]",
                    f"fail({i})",
                    f"{v} = D[{i} % 9]",
                    f"{w} = {w} + {self.name()}",
                    f"{v} = {v} % ({i} & 3)",
                ]
            )
            body = [*self.statement(0), bad, *self.statement(0)]
            handler = rng.choice(["pass", f"{v} = {rng.choice(NUMBERS)}", f"{w} = type(error).__name__", "continue"])
            return (
                [
                    "try:",
                    *(" " + line for line in body),
                    "except Exception as error:",
                    " " + handler,
                    *([] if rng.random() < 0.7 else ["finally:", " " + self.statement(0)[0]]),
                ]
                if "if" not in body[0] or True
                else []
            )
        if kind < 0.77:
            return (
                [f"if {i} % 30 == 29: del {w}", f"if {i} % 30 == 29: {w} = {self.anything_bound(w)}"]
                if rng.random() < 0.8
                else [f"if {i} == 95: del {w}"]
            )
        if kind < 0.86 and depth > 0:
            lines = [f"if {self.condition()}:", *(" " + line for line in self.block(depth - 1, 2))]
            if rng.random() < 0.6:
                lines += ["else:", *(" " + line for line in self.block(depth - 1, 2))]
            return lines
        if kind < 0.94 and depth > 0 and self.loops < 3:
            return self.loop(depth - 1, inner=True)
        if kind < 0.965:
            return [
                f"if {self.condition()}: {rng.choice(['continue', 'continue', 'break'])}"
                if rng.random() < 0.4
                else f"if {i} == {rng.choice([110, 140, 55])}: break"
            ]
        if self.generator:
            return [rng.choice([f"yield {v}", f"{w} = yield {v}", f"yield ({v}, {w})"])]
        return [f"{v} = {self.number(2)}"]

    def anything_bound(self, name: str) -> str:
        return self.rng.choice([o for o in self.any if o != name] + ["1", "None"])

    def block(self, depth: int, most: int) -> list[str]:
        lines = []
        for _ in range(self.rng.randint(1, most)):
            lines += self.statement(depth)
        return lines

    def loop(self, depth: int, inner: bool = False) -> list[str]:
        rng = self.rng
        self.loops += 1
        counter = f"i{self.loops}"
        rounds = rng.choice([3, 5, 8, 12]) if inner else rng.choice([80, 130, 150])
        kind = rng.random()
        before: list[str] = []
        first: list[str] = []
        if kind < 0.45:
            head = rng.choice(
                [
                    f"for {counter} in range({rounds}):",
                    f"for {counter} in range({rounds}):",
                    f"for {counter} in range({rounds}, 0, -1):",
                    f"for {counter} in range(1, {3 * rounds}, 3):",
                ]
            )
        elif kind < 0.65:
            before = [f"{counter} = 0"]
            first = [f"{counter} += 1"]
            head = f"while {counter} < {rounds}:"
        elif kind < 0.75:
            head = f"for {counter} in R{'' if not inner else '[:6]'}:"
        elif kind < 0.82:
            head = f"for {counter} in TR{'' if not inner else '[:6]'}:"
        elif kind < 0.9:
            head = f"for {counter}, w0 in enumerate({'mixed' if not inner else 'mixed[:7]'}):"
        elif kind < 0.95:
            head = f"for {counter} in count({rounds}):"
        else:
            head = f"for {counter}, {rng.choice(self.names)} in zip(range({rounds}), {'R' if rng.random() < 0.5 else 'F * 40'}):"
        self.counters.append(counter)
        body = first + self.block(depth, 5)
        if not inner:
            # Not a call of a Python function, which would be the end of every region.
            body += [
                f"if v{n} > 1e60 or v{n} < -1e60: v{n} = {rng.choice(NUMBERS)}" for n in range(4) if rng.random() < 0.4
            ]
        if rng.random() < 0.85:
            self.counters.pop()
        lines = [*before, head, *(" " + line for line in body)]
        if rng.random() < 0.15:
            lines += ["else:", f" {rng.choice(self.names)} = 1"]
        return lines

    def function(self, number: int) -> list[str]:
        rng = self.rng
        self.counters = []
        self.loops = 0
        self.generator = rng.random() < 0.2
        lines = [
            f"def f{number}(v0, v1, v2, v3, w0, w1):",
            " w2 = None; o = Plain(1, 2); L = [0, 1, 2.5, 300, 4]; T = (5, 6.5, 7); D = {0: 1, 1: 2.5, 3: 4}; F = [0.5, -0.0, 1e10, 3.25]; M = [[1, 2], [3, 4], [5.5, 6]]; R = list(range(120)); TR = tuple(R); out = []",
        ]
        lines += [" mixed = [1, 2.5, None, 'a', 2**40, (), True] * 14"]
        if self.generator:
            lines += [" yield v0"]
        lines += [" " + line for line in self.loop(2)]
        if rng.random() < 0.3:
            lines += [" " + line for line in self.loop(1)]
        result = "(v0, v1, v2, v3, w0, w1, w2, L, D, F, M, o.x, o.y, out)"
        lines += [f" {'yield' if self.generator else 'return'} {result}"]
        return lines

    def program(self) -> str:
        rng = self.rng
        text = [
            PRELUDE,
            "def int_(x): return x if type(x) in (int, bool) else 12",
            "def float_(x):\n try: return float(x)\n except Exception: return 1.25",
        ]
        for number in range(rng.randint(1, 2)):
            text += self.function(number)
            for _ in range(rng.randint(2, 5)):
                typical = rng.random() < 0.6
                pool = (
                    rng.choice([["1", "7", "300", "2**40"], ["0.5", "2.0", "-1.25"], NUMBERS]) if typical else NUMBERS
                )
                arguments = [rng.choice(pool) for _ in range(4)] + [rng.choice(OTHERS), rng.choice((*OTHERS, "Odd()"))]
                call = f"f{number}({', '.join(arguments)})"
                text += [
                    "try:",
                    f" r = {f'list({call})' if self.generator else call}",
                    " print(repr(r)[-1500:])",
                    "except Exception as e:",
                    " print(type(e).__name__, e, where(e)); e = None",
                ]
        text += ["r = None", "print(LOG)"]
        return "\n".join(text) + "\n"


def make(name: str) -> str:
    """The program of that name."""
    return Loops(random.Random(name)).program()
