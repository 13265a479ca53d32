"""Random expressions: text of a wanted kind, mostly well typed."""

import random

from scope import Scope

CLASSES = 3
FUNCTIONS = 5
ATTRIBUTES = ("x", "y", "z", "n")
METHODS = ("m0", "m1", "m2")

INTS = (0, 1, 2, 3, 5, 7, -1, -2, 10, 100, 255, 256, 257, -5, -6)
WIDE_INTS = tuple(
    sign * (2**bits + off)
    for bits in (15, 29, 30, 31, 32, 59, 60, 62, 63, 64)
    for off in (-1, 0, 1)
    for sign in (1, -1)
)
FLOATS = ("0.0", "-0.0", "0.5", "1.5", "-2.25", "3.0", "1e10", "1e300", "1e-320", "float('inf')", "float('nan')")
TEXTS = ("''", "'a'", "'abc'", "'b'", "'é'", "'\\u20ac'", "'\\U0001f40d'", "'x y'", "'12'", "'zz' 'top'")
BYTES = ("b''", "b'a'", "b'abc'", "b'\\xff\\x00'")
KINDS = ("int", "float", "str", "list", "tuple", "dict", "set", "bool", "obj", "bytes", "none")
KIND_WEIGHTS = (30, 9, 9, 12, 7, 9, 4, 5, 12, 2, 1)
KEPT = {"float": "K0", "int": "K1", "str": "K2", "tuple": "K3", "bytes": "K4"}
"""Objects of the worker's whose reference counts are compared afterwards."""


class Expressions:
    """Makes expressions. `scope` is where they will stand."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.scope = Scope(None, "")
        self.counter = 0
        self.functions: dict[str, tuple[str, int]] = {}  # name -> (result kind, number of arguments)
        self.generators: list[str] = []
        self.coroutines: list[str] = []
        self.classes: list[str] = []

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def fresh(self, prefix: str) -> str:
        self.counter += 1
        return f"{prefix}{self.counter}"

    def kind(self) -> str:
        return self.rng.choices(KINDS, KIND_WEIGHTS)[0]

    def expr(self, kind: str, depth: int = 2) -> str:
        """An expression that is probably of this kind."""
        rng = self.rng
        if rng.random() < 0.025:
            kind = self.kind()
        names = self.scope.named(kind)
        if names and rng.random() < (0.45 if depth > 0 else 0.85):
            return rng.choice(names)
        if depth <= 0 or rng.random() < 0.15:
            return self.atom(kind)
        general = rng.random()
        if general < 0.05:
            return f"({self.expr(kind, depth - 1)} if {self.expr('bool', depth - 1)} else {self.expr(kind, depth - 1)})"
        if general < 0.13:
            call = self.call_of(kind, depth - 1)
            if call:
                return call
        if general < 0.15:
            return f"({self.expr(kind, depth - 1)} {rng.choice(('or', 'and'))} {self.expr(kind, depth - 1)})"
        if general < 0.17 and self.scope.function and not self.scope.in_comprehension:
            name = self.fresh("w")
            text = f"({name} := {self.expr(kind, depth - 1)})"
            self.scope.names[name] = kind
            return text
        if general < 0.19:
            name = self.fresh("q")
            return f"(lambda {name}: {self.with_name(name, kind, kind, depth - 1)})({self.expr(kind, depth - 1)})"
        return str(getattr(self, f"{kind}_expr")(depth - 1))

    def with_name(self, name: str, name_kind: str, kind: str, depth: int) -> str:
        """An expression that may use one more name."""
        outer = self.scope
        self.scope = Scope(outer, outer.function)
        self.scope.in_comprehension = True
        self.scope.names[name] = name_kind
        text = self.expr(kind, depth)
        self.scope = outer
        return text

    def atom(self, kind: str) -> str:
        rng = self.rng
        if kind in KEPT and rng.random() < 0.1:
            return KEPT[kind]
        match kind:
            case "int":
                return str(rng.choice(WIDE_INTS if rng.random() < 0.12 else INTS))
            case "float":
                return rng.choice(FLOATS)
            case "str":
                return rng.choice(TEXTS)
            case "bytes":
                return rng.choice(BYTES)
            case "bool":
                return rng.choice(("True", "False"))
            case "list":
                return "[" + ", ".join(self.atom("int") for _ in range(rng.randrange(5))) + "]"
            case "tuple":
                return "(" + "".join(self.atom("int") + ", " for _ in range(rng.randrange(4))) + ")"
            case "dict":
                return "{" + ", ".join(f"{self.key()}: {self.atom('int')}" for _ in range(rng.randrange(4))) + "}"
            case "set":
                return "{" + ", ".join(self.atom("int") for _ in range(rng.randrange(1, 4))) + "}"
            case "obj":
                return f"{self.class_name()}({self.atom('int')})"
        return "None"

    def key(self) -> str:
        return self.rng.choice(("'a'", "'b'", "'k'", "1", "2", "0", "(1, 2)", "None"))

    def class_name(self) -> str:
        return self.rng.choice(self.classes) if self.classes else "Plain"

    def call_of(self, kind: str, depth: int) -> str:
        fitting = [name for name, (result, _) in self.functions.items() if result == kind]
        if not fitting:
            return ""
        return self.call(self.rng.choice(fitting), depth)

    def call(self, name: str, depth: int) -> str:
        """A call of one of the program's functions, in one of the forms that calls have."""
        rng = self.rng
        _, count = self.functions[name]
        arguments = [self.expr("int" if rng.random() < 0.7 else self.kind(), depth) for _ in range(count)]
        form = rng.random()
        if form < 0.7:
            return f"{name}({', '.join(arguments)})"
        if form < 0.78 and arguments:
            return f"{name}({', '.join(arguments[:-1] + ['p%d=%s' % (count - 1, arguments[-1])])})"
        if form < 0.86:
            return f"{name}(*{self.sequence_of(arguments)})"
        if form < 0.9 and arguments:
            return f"{name}({', '.join(arguments[:-1] + ['**{%r: %s}' % ('p%d' % (count - 1), arguments[-1])])})"
        if form < 0.95:
            return f"{name}({', '.join(arguments[:-1])})"
        return f"{name}({', '.join([*arguments, self.expr('int', 0)])})"

    def sequence_of(self, items: list[str]) -> str:
        if self.rng.random() < 0.5:
            return "[" + ", ".join(items) + "]"
        return "(" + "".join(item + ", " for item in items) + ")"

    def index(self, depth: int) -> str:
        return self.rng.choice(("0", "-1", "1", "2", self.expr("int", min(depth, 1))))

    def place(self, depth: int) -> str:
        """An attribute of an object."""
        return f"{self.held('obj', depth)}.{self.rng.choice(ATTRIBUTES)}"

    def held(self, kind: str, depth: int) -> str:
        """An expression that a dot or bracket can follow."""
        text = self.expr(kind, min(depth, 1))
        return f"({text})" if text[0].isdigit() or text[0] in "-'" else text

    def in_iterable(self, depth: int) -> str:
        """What a comprehension goes through, where `:=` isn't allowed."""
        before, self.scope.in_comprehension = self.scope.in_comprehension, True
        text = self.iterable(depth)
        self.scope.in_comprehension = before
        return text

    def int_expr(self, depth: int) -> str:
        rng, e = self.rng, self.expr
        match rng.randrange(24):
            case 0 | 1 | 2 | 3 | 4:
                return f"({e('int', depth)} {rng.choice('+-+-*&|^')} {e('int', depth)})"
            case 5:
                return f"({e('int', depth)} {rng.choice(('//', '%', '>>', '<<'))} {rng.randrange(0, 9)})"
            case 6:
                return f"({e('int', depth)} {rng.choice(('//', '%'))} {e('int', depth)})"
            case 7:
                return f"({rng.choice('-~+')}{e('int', depth)})"
            case 8:
                return f"len({e(rng.choice(('list', 'str', 'dict', 'tuple', 'obj')), depth)})"
            case 9 | 10:
                return f"{self.held(rng.choice(('list', 'tuple')), depth)}[{self.index(depth)}]"
            case 11:
                return f"{self.held('dict', depth)}[{self.key()}]"
            case 12:
                return f"{self.held('dict', depth)}.get({self.key()}, {e('int', depth)})"
            case 13 | 14:
                return self.place(depth)
            case 15 | 16:
                method = rng.choice(METHODS)
                return f"{self.held('obj', depth)}.{method}({e('int', depth)})"
            case 17:
                name = self.fresh("c")
                return f"sum({self.with_name(name, 'int', 'int', depth)} for {name} in {self.in_iterable(depth)})"
            case 18:
                return f"{rng.choice(('abs', 'int', 'bool', 'min', 'max', 'round', 'ord'))}({e(rng.choice(('int', 'int', 'float', 'list')), depth)})"
            case 19:
                return f"{rng.choice(('min', 'max', 'divmod', 'pow'))}({e('int', depth)}, {rng.randrange(4)})"
            case 20:
                return f"next({e('gen', depth)}, {e('int', depth)})"
            case 21:
                return f"{self.held('list', depth)}.{rng.choice(('pop()', 'pop(0)', 'count(1)', 'index(2)'))}"
            case 22:
                return (
                    f"({e('int', depth)} {rng.choice('+-*')} {e(rng.choice(('bool', 'float', 'int', 'obj')), depth)})"
                )
        return f"({e('int', depth)} % 1000) ** 2"

    def gen_expr(self, depth: int) -> str:
        if self.generators and self.chance(0.7):
            return f"{self.rng.choice(self.generators)}({self.expr('int', depth)})"
        if self.chance(0.5):
            name = self.fresh("c")
            return f"({self.with_name(name, 'int', 'int', depth)} for {name} in {self.in_iterable(depth)})"
        return f"iter({self.expr('list', depth)})"

    def float_expr(self, depth: int) -> str:
        e, rng = self.expr, self.rng
        match rng.randrange(6):
            case 0 | 1 | 2:
                return f"({e('float', depth)} {rng.choice('+-*/+-*')} {e('float', depth)})"
            case 3:
                return f"({e('float', depth)} {rng.choice('+-*/')} {e('int', depth)})"
            case 4:
                return f"({e('int', depth)} {rng.choice('+-*/')} {e('float', depth)})"
        return f"({e('int', depth)} / {e('int', depth)})"

    def str_expr(self, depth: int) -> str:
        e, rng = self.expr, self.rng
        match rng.randrange(8):
            case 0 | 1:
                return f"({e('str', depth)} + {e('str', depth)})"
            case 2:
                return f"{self.held('str', depth)}[{self.index(depth)}]"
            case 3:
                return f"{self.held('str', depth)}[{rng.choice(('1:', ':2', '::-1', '-2:', ':'))}]"
            case 4:
                return f"str({e('int', depth)})"
            case 5:
                inner = e(self.kind(), 0).replace('"', "'")
                return 'f"{' + f"({inner})" + rng.choice(("!r", "", ":>4", "!s:.3")) + "}-{" + f"({e('int', 0)})" + '}"'
            case 6:
                return f"{self.held('str', depth)}.{rng.choice(('upper()', 'join([])', 'strip()', 'replace(chr(97), chr(98))'))}"
        return f"({e('str', depth)} * {rng.randrange(3)})"

    def bytes_expr(self, depth: int) -> str:
        return f"({self.expr('bytes', depth)} + {self.expr('bytes', depth)})"

    def none_expr(self, depth: int) -> str:
        return f"print({self.expr(self.kind(), depth)})"

    def bool_expr(self, depth: int) -> str:
        e, rng = self.expr, self.rng
        compare = rng.choice(("<", "<=", ">", ">=", "==", "!="))
        match rng.randrange(9):
            case 0 | 1 | 2:
                return f"({e('int', depth)} {compare} {e('int', depth)})"
            case 3:
                return f"({e('int', depth)} {compare} {e('int', depth)} {rng.choice(('<', '>='))} {e('int', depth)})"
            case 4:
                kind = rng.choice(("float", "str", "tuple", "obj", "list"))
                return f"({e(kind, depth)} {rng.choice(('==', '!=', '<', '>='))} {e(kind, depth)})"
            case 5:
                return f"({e('int', depth)} {rng.choice(('in', 'not in'))} {e(rng.choice(('list', 'dict', 'tuple', 'set', 'obj')), depth)})"
            case 6:
                return f"(not {e(self.kind(), depth)})"
            case 7:
                return f"({e(self.kind(), depth)} is{rng.choice((' ', ' not '))}None)"
        return f"isinstance({e(self.kind(), depth)}, {rng.choice(('int', 'float', 'str', 'list', self.class_name()))})"

    def list_expr(self, depth: int) -> str:
        e, rng = self.expr, self.rng
        match rng.randrange(9):
            case 0 | 1 | 2:
                name = self.fresh("c")
                condition = f" if {self.with_name(name, 'int', 'bool', depth)}" if rng.random() < 0.4 else ""
                return (
                    f"[{self.with_name(name, 'int', 'int', depth)} for {name} in {self.in_iterable(depth)}{condition}]"
                )
            case 3:
                return "[" + ", ".join(e("int", depth) for _ in range(rng.randrange(1, 5))) + "]"
            case 4:
                return f"[*{e(rng.choice(('list', 'tuple', 'str', 'gen')), depth)}, {e('int', depth)}]"
            case 5:
                return f"({e('list', depth)} + {e('list', depth)})"
            case 6:
                return f"{self.held('list', depth)}[{rng.choice(('1:', ':2', '::-1', '-2:', ':', '::2'))}]"
            case 7:
                return (
                    f"{rng.choice(('sorted', 'list'))}({e(rng.choice(('list', 'tuple', 'gen', 'dict', 'str')), depth)})"
                )
        return f"list(map({rng.choice(('str', 'abs', 'lambda v: v + 1', 'lambda v: -v'))}, {e('list', depth)}))"

    def iterable(self, depth: int) -> str:
        e, rng = self.expr, self.rng
        match rng.randrange(8):
            case 0 | 1 | 2:
                return f"range({rng.randrange(1, 7)})"
            case 3:
                return f"range({e('int', 0)} % 9)"
            case 4:
                return e("gen", depth)
            case 5:
                return e(rng.choice(("tuple", "dict", "str", "obj")), depth)
        return e("list", depth)

    def tuple_expr(self, depth: int) -> str:
        e, rng = self.expr, self.rng
        match rng.randrange(4):
            case 0 | 1:
                return "(" + "".join(e(self.kind(), depth) + ", " for _ in range(rng.randrange(1, 4))) + ")"
            case 2:
                return f"({e('tuple', depth)} + {e('tuple', depth)})"
        return f"(*{e('list', depth)}, {e('int', depth)})"

    def dict_expr(self, depth: int) -> str:
        e, rng = self.expr, self.rng
        match rng.randrange(4):
            case 0:
                name = self.fresh("c")
                return (
                    f"{{{name}: {self.with_name(name, 'int', 'int', depth)} for {name} in {self.in_iterable(depth)}}}"
                )
            case 1:
                return f"{{**{e('dict', depth)}, {self.key()}: {e('int', depth)}}}"
            case 2:
                return f"({e('dict', depth)} | {e('dict', depth)})"
        return "{" + ", ".join(f"{self.key()}: {e('int', depth)}" for _ in range(rng.randrange(1, 4))) + "}"

    def set_expr(self, depth: int) -> str:
        e, rng = self.expr, self.rng
        if rng.random() < 0.5:
            name = self.fresh("c")
            return f"{{{self.with_name(name, 'int', 'int', depth)} for {name} in {self.in_iterable(depth)}}}"
        return f"({e('set', depth)} {rng.choice('|&-^')} {e('set', depth)})"

    def obj_expr(self, depth: int) -> str:
        e, rng = self.expr, self.rng
        match rng.randrange(4):
            case 0:
                return f"{self.class_name()}({e('int', depth)}, {e('int', depth)})"
            case 1:
                return f"({e('obj', depth)} + {e(rng.choice(('int', 'obj')), depth)})"
            case 2:
                return f"{self.class_name()}({e('int', depth)}, y={e(self.kind(), depth)})"
        return f"{self.class_name()}({e('int', depth)})"
