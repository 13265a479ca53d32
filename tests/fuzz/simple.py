"""Random simple statements."""

from expressions import ATTRIBUTES, METHODS, Expressions

EXCEPTIONS = (
    "ValueError",
    "TypeError",
    "KeyError",
    "IndexError",
    "ZeroDivisionError",
    "AttributeError",
    "LookupError",
    "ArithmeticError",
    "Exception",
    "StopIteration",
    "UnboundLocalError",
)

Lines = list[str]


class SimpleStatements(Expressions):
    """Makes statements of a line or two. `depth` is how deep the blocks below them may go, which only others need."""

    def target(self, kind: str) -> str:
        """A local name to store to."""
        own = [name for name, other in self.scope.names.items() if other == kind and not name.startswith(("p", "t"))]
        if own and self.chance(0.6):
            return self.rng.choice(own)
        name = f"v{self.rng.randrange(9)}" if self.scope.function else f"u{self.rng.randrange(9)}"
        self.scope.names[name] = kind
        return name

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
        return self.rng.choice(
            (
                ["import math", f"{name} = math.floor({value})"],
                ["from math import sqrt, floor as fl", f"{name} = sqrt({value})"],
            )
        )

    def retype(self, depth: int) -> Lines:
        """A known name gets a value of another kind, from some round of the loop on."""
        if not self.scope.names:
            return self.assign(depth)
        name = self.rng.choice(list(self.scope.names))
        value = self.expr(self.kind(), 1)
        if self.scope.loops and self.chance(0.7):
            return [
                f"if {self.expr('int', 1)} {self.rng.choice(('>', '==', '<'))} {self.rng.randrange(8)}:",
                f"    {name} = {value}",
            ]
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
            return (
                [f"{', '.join(targets)} = {', '.join(reversed(targets))}"]
                if all(t in self.scope.names for t in targets)
                else ["pass"]
            )
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
                (
                    f"del {self.held('list', 0)}[0]",
                    f"del {self.held('dict', 0)}[{self.key()}]",
                    f"del {self.place(0)}",
                    f"del {self.held('list', 0)}[:1]",
                )
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
            step = self.rng.choice(
                (
                    f"next({name}, None)",
                    f"next({name})",
                    f"{name}.send(None)",
                    f"{name}.throw(ValueError(3))",
                    f"{name}.close()",
                )
            )
            lines.append(f"print({step})")
        return lines
