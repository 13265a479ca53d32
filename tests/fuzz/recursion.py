"""Programs of functions that call themselves and each other: of the module, methods, closures.

They raise and catch on the way, take other types than they were warmed with, log, and hold objects whose finalizers
look at the frames of all the calls there are.
"""

import random

PRELUDE = """\
import sys
LOG = []
SIMPLE = (int, float, str, tuple, bool)
def shown(f): return sorted((k, repr(v)[:40]) for k, v in f.f_locals.items() if type(v) in SIMPLE)
class Late:
    def __init__(self, tag): self.tag = tag
    def __repr__(self): return 'Late'
    def __del__(self):
        if len(LOG) < 80:
            f = sys._getframe(1); seen = []
            while f is not None and f.f_code.co_name != '<module>' and len(seen) < 6:
                seen.append((f.f_code.co_name, f.f_lineno, shown(f)))
                f = f.f_back
            LOG.append((self.tag, repr(seen)[:600]))
class Pair:
    __slots__ = ('a', 'b')
    def __init__(self, a, b): self.a = a; self.b = b
class Tree:
    def __init__(self, left, right, value): self.left = left; self.right = right; self.value = value
    def __repr__(self): return 'Tree'
def grown(n, v): return None if n <= 0 else Tree(grown(n - 1, v + 1), grown(n - 2, v * 2), v)
def note(*what):
    if len(LOG) < 80: LOG.append(repr(what)[:300])
TREE = grown(6, 1)
class Holder: pass
METHODS = Holder()
"""
CONSTANTS = ["0", "1", "-1", "3", "7", "300", "2**31", "2**62", "1.5"]
ARGUMENTS = ["1", "2", "3", "5", "300"]
SURPRISES = ["1.5", "2**40", "2**70", "'t'", "None", "(1, 2)", "-1", "True"]
DEPTHS = ["3", "4", "5", "4.0", "True", "'4'"]


class Function:
    """What a call has to know of a function."""

    def __init__(self, name: str, parameters: int, kind: str) -> None:
        self.name, self.parameters, self.kind = name, parameters, kind

    def callee(self) -> str:
        return f"METHODS.{self.name}" if self.kind == "method" else self.name


class Recursion:
    """Makes one program."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.functions = [
            Function(f"f{number}", rng.randint(0, 3), rng.choice(["plain", "plain", "plain", "method", "closure"]))
            for number in range(rng.randint(1, 3))
        ]
        self.names: list[str] = []
        self.quiet = False

    def pick(self, *choices: str) -> str:
        return self.rng.choice(choices)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def name(self) -> str:
        return self.rng.choice(self.names)

    def value(self, depth: int = 2) -> str:
        kind = self.rng.random()
        if depth < 0 or kind < 0.35:
            return self.name() if self.chance(0.75) else self.rng.choice(CONSTANTS)
        first, second = self.value(depth - 1), self.value(depth - 1)
        if kind < 0.75:
            return f"({first} {self.pick('+', '-', '*', '+', '-', '&', '//', '%', '|')} {second})"
        if kind < 0.85:
            return f"({first} if {self.condition()} else {second})"
        return self.pick(
            f"({first}, {second})[{self.rng.randint(0, 1)}]",
            f"Pair({first}, {second}).{self.pick('a', 'b')}",
            f"[{first}, 4][0]",
            "TREE.value",
            "TREE.left.value",
        )

    def condition(self) -> str:
        return self.pick(
            f"n % {self.rng.randint(2, 4)} == {self.rng.randint(0, 2)}",
            f"{self.name()} == {self.rng.randint(0, 9)}",
            f"{self.name()} < {self.rng.choice(CONSTANTS)}",
            "n > 3",
            "n in (2, 5)",
            f"isinstance({self.name()}, int)",
        )

    def call(self, function: Function) -> str:
        """A call one or two levels down."""
        arguments = [self.name() if self.chance(0.5) else self.value(1) for _ in range(function.parameters)]
        if arguments and self.chance(0.15):
            arguments[-1] = f"p{len(arguments) - 1}={arguments[-1]}"
        if arguments and self.chance(0.1):
            arguments.pop()
        return f"{function.callee()}({', '.join([f'n - {self.pick("1", "1", "1", "2")}', *arguments])})"

    def statement(self, me: Function, number: int) -> list[str]:
        # What comes from `try` on keeps a function's calls from doing without frames.
        kind, local = self.rng.random() * (0.7 if self.quiet else 1), f"v{number}"
        if kind < 0.3:
            lines = [f"{local} = {self.call(me if self.chance(0.8) else self.rng.choice(self.functions))}"]
        elif kind < 0.45:
            lines = [f"{local} = {self.value()}"]
        elif kind < 0.5:
            return [f"if {self.condition()}: raise {self.pick('ValueError', 'KeyError')}(n)"]
        elif kind < 0.57 and me.parameters:
            return [f"p0 = {self.value()}"]
        elif kind < 0.7:
            step = self.value(1) if self.chance(0.6) else self.call(me)
            lines = [f"{local} = 0", f"for i in range({self.rng.randint(1, 3)}): {local} += {step}"]
        elif kind < 0.82:
            lines = [
                "try:",
                f" {local} = {self.call(me)}",
                f"except {self.pick('ValueError', '(ValueError, KeyError)', 'Exception')} as e:",
                f" {local} = {self.pick('n', '-1', 'len(e.args)', 'where(e)[-60:]')}",
            ]
        elif kind < 0.87:
            return [f"x = {self.pick('Late(n)', 'None', 'n')}"]
        elif kind < 0.94:
            return [f"note(n, {self.name()})"]
        else:
            lines = [f"{local} = sum([q for q in (n, {self.rng.randint(1, 5)})])"]
        self.names.append(local)
        return lines

    def body(self, me: Function) -> list[str]:
        self.names = ["n", *(f"p{number}" for number in range(me.parameters))]
        self.quiet = self.chance(0.7)
        lines = [f"if n <= {self.pick('0', '1')}: return {self.value()}"]
        if not self.quiet and self.chance(0.3):
            lines.append("x = Late(n)")
        for number in range(self.rng.randint(1, 4)):
            lines += self.statement(me, number)
        result = self.value()
        if self.chance(0.5):
            result = f"{self.call(me)} {self.pick('+', '-', '*')} {result}"
        elif self.chance(0.2):
            result = self.call(me)
        return [*lines, f"return {result}"]

    def function(self, me: Function) -> list[str]:
        parameters = ["n", *(f"p{number}={self.rng.randint(0, 5)}" for number in range(me.parameters))]
        if me.kind == "method":
            parameters.insert(0, "self")
        lines = [f"def {me.name}({', '.join(parameters)}):", *(f" {line}" for line in self.body(me))]
        if me.kind == "plain":
            return lines
        lines = [f" {line}" for line in lines]
        if me.kind == "method":
            return [f"class C{me.name}:", *lines, f"METHODS.{me.name} = C{me.name}().{me.name}"]
        return [f"def make_{me.name}(k):", *lines, f" return {me.name}", f"{me.name} = make_{me.name}(3)"]

    def calls(self, me: Function) -> list[str]:
        """Calls with what a function is used to, then with what it is not, then as before."""
        rng = self.rng
        usual = [(str(rng.randint(1, 6)), ARGUMENTS, rng.randint(0, me.parameters)) for _ in range(40)]
        odd = [(rng.choice(DEPTHS), SURPRISES, me.parameters) for _ in range(6)]
        after = [(str(rng.randint(1, 6)), ARGUMENTS, me.parameters) for _ in range(10)]
        every = [[depth, *(rng.choice(of) for _ in range(count))] for depth, of, count in [*usual, *odd, *after]]
        return [
            f"for a in ({', '.join(f'({", ".join(one)},)' for one in every)}):",
            f" try: print(a, repr({me.callee()}(*a))[:200])",
            " except Exception as e: print(a, type(e).__name__, str(e)[:60], where(e)); e = None",
        ]

    def program(self) -> str:
        functions = [line for function in self.functions for line in self.function(function)]
        calls = [line for function in self.functions for line in self.calls(function)]
        return "\n".join([PRELUDE, *functions, *calls, "for line in LOG: print(line)"]) + "\n"


def make(name: str) -> str:
    """The program of that name."""
    return Recursion(random.Random(name)).program()
