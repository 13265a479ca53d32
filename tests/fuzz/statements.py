"""Random statements: blocks of lines, with loops that end."""

from expressions import ATTRIBUTES, METHODS, Expressions, Scope

EXCEPTIONS = ("ValueError", "TypeError", "KeyError", "IndexError", "ZeroDivisionError", "AttributeError", "LookupError", "ArithmeticError", "Exception", "StopIteration", "UnboundLocalError")

Lines = list[str]


def indented(lines: Lines) -> Lines:
    return ["    " + line for line in lines]


class Statements(Expressions):
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

    def target(self, kind: str) -> str:
        """A local name to store to."""
        own = [name for name, other in self.scope.names.items() if other == kind and not name.startswith(("p", "t"))]
        if own and self.chance(0.6):
            return self.rng.choice(own)
        name = f"v{self.rng.randrange(9)}" if self.scope.function else f"u{self.rng.randrange(9)}"
        self.scope.names[name] = kind
        return name

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

    # Simple statements.

    def assign(self, depth: int) -> Lines:
        kind = self.kind()
        value = self.expr(kind, 3)
        if self.chance(0.05):
            return [f"{self.target(kind)} = {self.target(kind)} = {value}"]
        return [f"{self.target(kind)} = {value}"]

    def annotated(self, depth: int) -> Lines:
        value = self.expr("int")
        return [f"{self.target('int')}: int = {value}"]

    def imported(self, depth: int) -> Lines:
        value = self.expr(self.rng.choice(("int", "float")))
        name = self.target("float")
        return self.rng.choice((["import math", f"{name} = math.floor({value})"], ["from math import sqrt, floor as fl", f"{name} = sqrt({value})"]))

    def retype(self, depth: int) -> Lines:
        """A known name gets a value of another kind, from some round of the loop on."""
        if not self.scope.names:
            return self.assign(depth)
        name = self.rng.choice(list(self.scope.names))
        value = self.expr(self.kind(), 1)
        if self.scope.loops and self.chance(0.7):
            return [f"if {self.expr('int', 1)} {self.rng.choice(('>', '==', '<'))} {self.rng.randrange(8)}:", f"    {name} = {value}"]
        return [f"{name} = {value}"]

    def augment(self, depth: int) -> Lines:
        rng = self.rng
        kind = rng.choice(("int", "int", "int", "float", "str", "list", "obj", "tuple"))
        names = [name for name in self.scope.names if self.scope.names[name] == kind]
        if not names:
            return self.assign(depth)
        name = rng.choice(names)
        match kind:
            case "int":
                if rng.random() < 0.2:
                    return [f"{name} {rng.choice(('//=', '%=', '>>=', '<<=', '&='))} {rng.randrange(8)}"]
                return [f"{name} {rng.choice(('+=', '-=', '+=', '*=', '^=', '|='))} {self.expr('int')}"]
            case "float":
                return [f"{name} {rng.choice(('+=', '-=', '*=', '/='))} {self.expr(rng.choice(('float', 'int')))}"]
            case "list":
                return [f"{name} += {self.expr('list')}"]
        return [f"{name} += {self.expr(kind)}"]

    def store_attribute(self, depth: int) -> Lines:
        operator = self.rng.choice(("=", "=", "+=", "-="))
        return [f"{self.place(1)} {operator} {self.expr('int' if self.chance(0.8) else self.kind())}"]

    def store_item(self, depth: int) -> Lines:
        operator = self.rng.choice(("=", "=", "+=", "-="))
        if self.chance(0.5):
            return [f"{self.held('list', 0)}[{self.index(1)}] {operator} {self.expr('int')}"]
        if self.chance(0.2):
            return [f"{self.held('list', 0)}[{self.rng.choice((':1', '1:', '::2'))}] = {self.expr('list')}"]
        return [f"{self.held('dict', 0)}[{self.key()}] {operator} {self.expr('int')}"]

    def unpack(self, depth: int) -> Lines:
        rng = self.rng
        count = rng.randint(2, 3)
        values = [self.expr("int") for _ in range(count)]
        targets = [self.target("int") for _ in range(count)]
        form = rng.random()
        if form < 0.4:
            return [f"{', '.join(targets)} = {', '.join(values)}"]
        if form < 0.6:
            return [f"{targets[0]}, *{self.target('list')} = {self.expr(rng.choice(('list', 'tuple', 'str', 'gen')))}"]
        if form < 0.8 and len(set(targets)) == count:
            return [f"{', '.join(targets)} = {', '.join(reversed(targets))}"] if all(t in self.scope.names for t in targets) else ["pass"]
        return [f"{', '.join(targets)} = {self.expr(rng.choice(('list', 'tuple', 'gen')))}"]

    def shown(self, depth: int) -> Lines:
        return [f"print({', '.join(self.expr(self.kind()) for _ in range(self.rng.randint(1, 3)))})"]

    def call_method(self, depth: int) -> Lines:
        e = self.expr
        return [
            self.rng.choice(
                (
                    f"{self.held('list', 0)}.append({e('int')})",
                    f"{self.held('list', 0)}.append({e('int')})",
                    f"{self.held('list', 0)}.extend({e('list')})",
                    f"{self.held('obj', 0)}.{self.rng.choice(METHODS)}({e('int')})",
                    f"{self.held('obj', 0)}.{self.rng.choice(METHODS)}({e('int')}, {e('int')})",
                    f"{self.held('dict', 0)}.update({e('dict')})",
                    f"{self.held('dict', 0)}.setdefault({self.key()}, {e('int')})",
                    f"{self.held('set', 0)}.add({e('int')})",
                    f"{self.held('list', 0)}.reverse()",
                    f"{self.held('dict', 0)}.pop({self.key()}, None)",
                )
            )
        ]

    def delete(self, depth: int) -> Lines:
        if self.chance(0.3) and self.scope.names:
            return [f"del {self.rng.choice(list(self.scope.names))}"]
        return [
            self.rng.choice(
                (f"del {self.held('list', 0)}[0]", f"del {self.held('dict', 0)}[{self.key()}]", f"del {self.place(0)}", f"del {self.held('list', 0)}[:1]")
            )
        ]

    def raised(self, depth: int) -> Lines:
        what = f"raise {self.rng.choice(EXCEPTIONS[:6])}({self.expr('int')})"
        if self.chance(0.2):
            what += f" from {self.rng.choice(('None', 'KeyError(1)'))}"
        if self.scope.loops or self.chance(0.6):
            return [f"if {self.expr('bool')}:", f"    {what}"]
        return [what]

    def returned(self, depth: int) -> Lines:
        if not self.scope.function:
            return self.assign(depth)
        return [f"if {self.expr('bool')}:", f"    return {self.expr(self.kind())}"]

    def leave(self, depth: int) -> Lines:
        if not self.scope.loops:
            return self.assign(depth)
        return [f"if {self.expr('bool')}:", "    " + self.rng.choice(("break", "continue"))]

    def yielded(self, depth: int) -> Lines:
        if self.scope.function == "async":
            name = self.target("int")
            if self.coroutines and self.chance(0.3):
                return [f"{name} = await {self.rng.choice(self.coroutines)}({self.expr('int', 1)})"]
            return [f"{name} = await Pause({self.expr('int')})"]
        if self.scope.function != "gen":
            return self.assign(depth)
        match self.rng.randrange(6):
            case 0 | 1 | 2:
                return [f"yield {self.expr('int')}"]
            case 3:
                return [f"{self.target('int')} = (yield {self.expr('int')}) or {self.rng.randrange(5)}"]
            case 4:
                return [f"yield from {self.expr(self.rng.choice(('list', 'gen', 'tuple')))}"]
        return [f"{self.target('int')} = yield from {self.expr('gen')}"]

    def asserted(self, depth: int) -> Lines:
        return [f"assert {self.expr('bool')}, {self.expr('int')}"]

    def pass_(self, depth: int) -> Lines:
        return ["pass"]

    def global_store(self, depth: int) -> Lines:
        """Globals change under the functions that read them."""
        name = self.rng.choice(("G0", "G1", "G2"))
        return [f"globals()[{name!r}] = {self.expr(self.rng.choice(('int', 'int', 'float', 'str')), 1)}"]

    def introspect(self, depth: int) -> Lines:
        return self.rng.choice(
            (
                ["print(sorted(k for k in locals() if k[0] in 'uvp'))"],
                ["print(sys._getframe().f_lineno, sys._getframe().f_code.co_name)"],
                ["print(type(sys.exception()).__name__)"],
                ["print([k for k in sys._getframe(0).f_locals][:3])"],
            )
        )

    def change_world(self, depth: int) -> Lines:
        """Changes what compiled code may have assumed."""
        rng = self.rng
        if not self.classes:
            return self.assign(depth)
        cls, attribute, method = rng.choice(self.classes), rng.choice(ATTRIBUTES), rng.choice(METHODS)
        function = rng.choice(sorted(self.functions)) if self.functions else "print"
        return [
            rng.choice(
                (
                    f"{cls}.{attribute} = {self.expr('int', 1)}",
                    f"{cls}.{method} = lambda self, *a: {self.atom('int')}",
                    f"{cls}.{attribute} = property(lambda self: {self.atom('int')})",
                    f"if {attribute!r} in vars({cls}): del {cls}.{attribute}",
                    f"{self.held('obj', 0)}.__class__ = {rng.choice(self.classes)}",
                    f"{self.held('obj', 0)}.__dict__ = {{'x': 1, 'y': 2}}",
                    f"vars({self.expr('obj', 0)})[{attribute!r}] = {self.expr('int', 1)}",
                    f"{function}.__defaults__ = ({self.atom('int')}, {self.atom('int')})",
                    f"{cls}.__len__ = lambda self: {rng.randrange(5)}",
                    f"globals()['len'] = lambda o: {rng.randrange(5)}",
                    "globals().pop('len', None)",
                )
            )
        ]

    def walk_generator(self, depth: int) -> Lines:
        if not self.generators:
            return self.assign(depth)
        name = f"it{self.rng.randrange(3)}"
        self.scope.names[name] = "gen"
        lines = [f"{name} = {self.rng.choice(self.generators)}({self.expr('int', 1)})"]
        for _ in range(self.rng.randrange(4)):
            step = self.rng.choice((f"next({name}, None)", f"next({name})", f"{name}.send(None)", f"{name}.throw(ValueError(3))", f"{name}.close()"))
            lines.append(f"print({step})")
        return lines

    # Compound statements.

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
            head = f"for {name}, {other} in {rng.choice(('enumerate(%s)', 'zip(%s, range(5))')) % self.expr('list', 1)}:"
        elif form == 4:
            other = f"j{rng.randrange(3)}"
            self.scope.names[other] = "int"
            head = f"for {name}, {other} in {self.expr('dict', 1)}.items():"
        elif form == 5:
            values = ", ".join(self.expr(kind if rng.random() < 0.8 else self.kind(), 1) for _ in range(rng.randint(1, 6)))
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
        shared = [other for other in outer.names if other not in ("p0", "G0", "G1", "G2")] if outer.function and not outer.outer.outer else []
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
