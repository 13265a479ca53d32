"""Tools over Python's own syntax trees: names and scopes, complexity, constant folding, a linter's rules."""

import ast
from collections import Counter

from checking import checked

FULL, SMALL = 27, 1
EXPECTED = {
    FULL: (
        324,
        37347,
        27,
        ["unused"],
        135,
        459,
        [
            ("bare-except", 27),
            ("compares-with-none", 27),
            ("mutable-default", 27),
            ("no-docstring", 81),
            ("several-imports", 27),
        ],
        12,
        8749,
    ),
    SMALL: (
        12,
        1381,
        1,
        ["unused"],
        5,
        17,
        [
            ("bare-except", 1),
            ("compares-with-none", 1),
            ("mutable-default", 1),
            ("no-docstring", 3),
            ("several-imports", 1),
        ],
        12,
        325,
    ),
}

SOURCE = '''
import os, sys
from collections import OrderedDict as Ordered

LIMIT = 60 * 60 * 24
NAMES = ["a" + "b", "c", -(3 + 4)]


class Account(Base):
    """An account."""

    interest = 5 / 100

    def __init__(self, owner, balance=0, *, limit=2 ** 10):
        self.owner = owner
        self.balance = balance
        self.limit = limit
        self.history = []

    def withdraw(self, amount, reason=None):
        if amount <= 0 or amount > self.limit:
            raise ValueError("bad amount: {{}}".format(amount))
        elif self.balance - amount < 0 and not self.overdraft:
            return False
        unused = 1 + 2 * 3
        self.balance -= amount
        self.history.append((amount, reason))
        return True

    @property
    def total(self):
        return sum(value for value, _ in self.history if value != None)


def load{n}(path, mode="r", seen=[]):
    try:
        with open(os.path.join(path, "data{n}.txt"), mode) as file:
            for number, line in enumerate(file):
                key, *values = [part.strip() for part in line.split(",")]
                while values and values[-1] == "":
                    values.pop()
                seen.append({{key: lambda x, y=number: x + y * (2 + 3)}})
    except OSError:
        print("can't read", path)
    except:
        pass
    finally:
        seen.sort(key=len)
    return {{name: len(value) for name, value in seen}} if 10 > 5 - 1 else None
'''


class Scopes(ast.NodeVisitor):
    """What each function assigns and reads."""

    def __init__(self):
        self.stack = []
        self.assigned = {}
        self.read = {}

    def visit_FunctionDef(self, node):
        self.stack.append(node.name)
        for argument in node.args.args:
            self.note(self.assigned, argument.arg)
        self.generic_visit(node)
        self.stack.pop()

    def visit_ClassDef(self, node):
        self.stack.append(node.name)
        self.generic_visit(node)
        self.stack.pop()

    def visit_Name(self, node):
        self.note(self.assigned if isinstance(node.ctx, ast.Store) else self.read, node.id)

    def note(self, table, name):
        table.setdefault(".".join(self.stack), set()).add(name)

    def unused(self):
        return {
            scope: sorted(names - self.read.get(scope, set())) for scope, names in self.assigned.items() if "." in scope
        }


class Complexity(ast.NodeVisitor):
    def __init__(self):
        self.scores = Counter()
        self.current = None

    def visit_FunctionDef(self, node):
        outer, self.current = self.current, node.name
        self.scores[node.name] += 1
        self.generic_visit(node)
        self.current = outer

    def branch(self, node):
        if self.current is not None:
            self.scores[self.current] += 1
        self.generic_visit(node)

    visit_If = visit_For = visit_While = visit_ExceptHandler = visit_IfExp = visit_comprehension = branch

    def visit_BoolOp(self, node):
        self.scores[self.current] += len(node.values) - 1
        self.generic_visit(node)


class Fold(ast.NodeTransformer):
    """Computes what is constant."""

    OPERATIONS = {  # noqa: RUF012
        ast.Add: lambda a, b: a + b,
        ast.Sub: lambda a, b: a - b,
        ast.Mult: lambda a, b: a * b,
        ast.Div: lambda a, b: a / b,
        ast.Pow: lambda a, b: a**b,
    }

    def __init__(self):
        self.folded = 0

    def visit_BinOp(self, node):
        self.generic_visit(node)
        operation = self.OPERATIONS.get(type(node.op))
        if operation and isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant):
            self.folded += 1
            return ast.copy_location(ast.Constant(operation(node.left.value, node.right.value)), node)
        return node

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            self.folded += 1
            return ast.copy_location(ast.Constant(-node.operand.value), node)
        return node


class Linter(ast.NodeVisitor):
    def __init__(self):
        self.findings = []

    def report(self, node, code):
        self.findings.append((node.lineno, code))

    def visit_ExceptHandler(self, node):
        if node.type is None:
            self.report(node, "bare-except")
        self.generic_visit(node)

    def visit_FunctionDef(self, node):
        if any(isinstance(default, (ast.List, ast.Dict)) for default in node.args.defaults):
            self.report(node, "mutable-default")
        if ast.get_docstring(node) is None and not node.name.startswith("_"):
            self.report(node, "no-docstring")
        self.generic_visit(node)

    def visit_Compare(self, node):
        for operator, right in zip(node.ops, node.comparators, strict=True):
            is_none = isinstance(right, ast.Constant) and right.value is None
            if is_none and isinstance(operator, (ast.Eq, ast.NotEq)):
                self.report(node, "compares-with-none")
        self.generic_visit(node)

    def visit_Import(self, node):
        if len(node.names) > 1:
            self.report(node, "several-imports")


def run(size=FULL):
    tree = ast.parse("".join(SOURCE.format(n=number) for number in range(size)))
    scopes, complexity, linter, fold = Scopes(), Complexity(), Linter(), Fold()
    for visitor in (scopes, complexity, linter):
        visitor.visit(tree)
    tree = ast.fix_missing_locations(fold.visit(tree))
    depths = []

    def depth(node, level=0):
        depths.append(level)
        for child in ast.iter_child_nodes(node):
            depth(child, level + 1)

    depth(tree)
    text = ast.unparse(tree)
    result = (
        fold.folded,
        len(text),
        text.count("86400"),
        scopes.unused().get("Account.withdraw"),
        complexity.scores["withdraw"],
        sum(complexity.scores.values()),
        sorted(Counter(code for _, code in linter.findings).items()),
        max(depths),
        len(depths),
    )
    return checked(result, EXPECTED[size])
