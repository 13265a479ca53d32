"""Random compound statements and blocks of lines, with loops that end."""

from scope import Scope
from simple import EXCEPTIONS, Lines, SimpleStatements


def indented(lines: Lines) -> Lines:
    return ["    " + line for line in lines]


class Statements(SimpleStatements):
    """Makes statements. `room` bounds how many are still made."""

    room = 60

    def block(self, size: int, depth: int) -> Lines:
        lines: Lines = []
        for _ in range(self.rng.randint(1, size)):
            self.room -= 1
            if self.room <= 0 and lines:
                break
            lines += self.statement(depth)
        return lines or ["pass"]

    def nested(self, size: int, depth: int) -> Lines:
        """An indented block. What it alone assigns may be unbound after it, so that is seldom used."""
        before = dict(self.scope.names)
        lines = indented(self.block(size, depth - 1))
        if not self.chance(0.1):
            self.scope.names = before
        return lines

    SIMPLE = (
        ("assign", 22), ("augment", 12), ("store_attribute", 6), ("store_item", 6), ("unpack", 5), ("shown", 4), ("call_method", 5),
        ("retype", 4), ("delete", 2), ("raised", 1.5), ("returned", 1.5), ("leave", 3), ("yielded", 8), ("asserted", 1), ("change_world", 2),
        ("walk_generator", 2), ("introspect", 0.7), ("global_store", 2), ("pass_", 0.3), ("annotated", 0.5), ("imported", 0.6),
    )  # fmt: skip
    COMPOUND = (
        ("if_", 12), ("for_", 12), ("while_", 6), ("try_", 9), ("with_", 3), ("match_", 3), ("inner_function", 3), ("inner_class", 0.7),
        ("try_star", 0.6), ("async_block", 2),
    )  # fmt: skip

    def statement(self, depth: int) -> Lines:
        table = self.SIMPLE + self.COMPOUND if depth > 0 and self.room > 0 else self.SIMPLE
        name = self.rng.choices([entry[0] for entry in table], [entry[1] for entry in table])[0]
        lines: Lines = getattr(self, name)(depth)
        return lines

    def if_(self, depth: int) -> Lines:
        lines = [f"if {self.expr('bool')}:", *self.nested(3, depth)]
        if self.chance(0.2):
            lines += [f"elif {self.expr('bool')}:", *self.nested(2, depth)]
        if self.chance(0.5):
            lines += ["else:", *self.nested(3, depth)]
        return lines

    def body(self, depth: int) -> Lines:
        self.scope.loops += 1
        lines = self.nested(5, depth)
        self.scope.loops -= 1
        if self.chance(0.15):
            lines += ["else:", *self.nested(2, depth)]
        return lines

    def count(self) -> int:
        """How often a loop goes round: the deeper, the less."""
        return self.rng.randint(1, (24, 6, 3)[min(self.scope.loops, 2)])

    def for_(self, depth: int) -> Lines:
        rng = self.rng
        kind = rng.choice(("int", "int", "int", "str", "tuple"))
        name = f"i{rng.randrange(4)}"
        form = rng.randrange(8)
        self.scope.names[name] = "int"
        if form < 3:
            head = f"for {name} in range({self.count()}):"
        elif form == 3:
            other = f"j{rng.randrange(3)}"
            self.scope.names[other] = "int"
            head = (
                f"for {name}, {other} in {rng.choice(('enumerate(%s)', 'zip(%s, range(5))')) % self.expr('list', 1)}:"
            )
        elif form == 4:
            other = f"j{rng.randrange(3)}"
            self.scope.names[other] = "int"
            head = f"for {name}, {other} in {self.expr('dict', 1)}.items():"
        elif form == 5:
            values = ", ".join(
                self.expr(kind if rng.random() < 0.8 else self.kind(), 1) for _ in range(rng.randint(1, 6))
            )
            self.scope.names[name] = kind
            head = f"for {name} in ({values},):"
        elif form == 6:
            head = f"for {name} in {self.expr('gen', 1)}:"
        else:
            head = f"for {name} in {self.iterable(1)}:"
        return [head, *self.body(depth)]

    def while_(self, depth: int) -> Lines:
        counter = self.fresh("t")
        condition = f"{counter} < {self.count()}" + (f" and {self.expr('bool', 1)}" if self.chance(0.3) else "")
        body = self.body(depth)
        return [f"{counter} = 0", f"while {condition}:", f"    {counter} += 1", *body]

    def caught(self) -> str:
        if self.chance(0.2):
            return f"({', '.join(self.rng.sample(EXCEPTIONS, 2))})"
        return self.rng.choice(("Exception", "Exception", "Exception", *EXCEPTIONS))

    def try_(self, depth: int) -> Lines:
        lines = ["try:", *self.nested(4, depth)]
        handlers = self.rng.choices((0, 1, 2), (1, 6, 1))[0]
        for _ in range(handlers):
            lines += [f"except {self.caught()} as ex:"]
            if self.chance(0.7):
                lines += ["    print(type(ex).__name__, str(ex)[:80], ex.__traceback__.tb_lineno)"]
            lines += self.nested(2, depth)
            if self.chance(0.1):
                lines += ["    raise"]
        if handlers and self.chance(0.2):
            lines += ["else:", *self.nested(2, depth)]
        if not handlers or self.chance(0.25):
            lines += ["finally:", *self.nested(2, depth)]
        return lines

    def try_star(self, depth: int) -> Lines:
        return [
            "try:",
            f"    raise ExceptionGroup('g', [ValueError({self.atom('int')}), {self.rng.choice(EXCEPTIONS[:5])}(1)])",
            f"except* {self.rng.choice(EXCEPTIONS[:5])} as eg:",
            "    print(len(eg.exceptions))",
            "except* Exception as eg:",
            "    print(type(eg).__name__)",
        ]

    def with_(self, depth: int) -> Lines:
        name = self.target("int")
        return [f"with Manager({self.expr('int', 1)}, {self.chance(0.4)}) as {name}:", *self.nested(4, depth)]

    def match_(self, depth: int) -> Lines:
        rng = self.rng
        lines = [f"match {self.expr(self.kind())}:"]
        name = self.target("int")
        patterns = (f"{rng.randrange(5)}", f"[{name}, *_]", f"({name}, 2)", "{'a': %s, **rest}" % name, f"int({name})", "str() | bytes()", "1.5 | None",
                    f"{self.class_name()}(x={name})", f"{name} if {self.expr('bool', 1)}")  # fmt: skip
        for pattern in rng.sample(patterns, 3):
            lines += [f"    case {pattern}:", *indented(self.nested(2, depth))]
        return [*lines, "    case _:", *indented(self.nested(2, depth))]

    def inner_function(self, depth: int) -> Lines:
        """A closure, called at once and kept as `h`."""
        outer = self.scope
        name = self.fresh("h")
        shared = (
            [other for other in outer.names if other not in ("p0", "G0", "G1", "G2")]
            if outer.function and not outer.outer.outer
            else []
        )
        self.scope = Scope(outer, "def")
        self.scope.names["p0"] = "int"
        lines = []
        if shared and self.chance(0.6):
            chosen = self.rng.choice(shared)
            lines.append(f"nonlocal {chosen}")
            self.scope.names[chosen] = outer.names[chosen]
        lines += self.block(4, min(depth, 2) - 1)
        lines += [f"return {self.expr('int')}"]
        self.scope = outer
        call = f"{name}({self.expr('int')})"
        default = f"={self.atom('int')}" if self.chance(0.3) else ""
        return [f"def {name}(p0{default}):", *indented(lines), f"{self.target('int')} = {call}"]

    def inner_class(self, depth: int) -> Lines:
        name = self.fresh("L")
        outer = self.scope
        self.scope = Scope(outer, "")
        self.scope.in_class = True
        lines = self.block(3, min(depth, 2) - 1)
        self.scope = outer
        outer.names[f"o{name}"] = "obj"
        return [f"class {name}({self.class_name()}):", *indented(lines), f"o{name} = {name}({self.expr('int', 1)})"]

    def async_block(self, depth: int) -> Lines:
        if self.scope.function != "async":
            if self.coroutines:
                return [f"print(drive({self.rng.choice(self.coroutines)}({self.expr('int', 1)})))"]
            return self.if_(depth)
        name = self.target("int")
        if self.chance(0.5):
            self.scope.loops += 1
            body = self.nested(3, depth)
            self.scope.loops -= 1
            return [f"async for {name} in Many({self.count()}):", *body]
        return [f"async with AsyncManager({self.chance(0.3)}) as {name}:", *self.nested(3, depth)]
