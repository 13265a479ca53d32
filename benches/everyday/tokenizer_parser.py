"""A tokenizer and a recursive-descent parser for a small language, and a printer of what was parsed."""

from dataclasses import dataclass, field
from enum import Enum, auto

from checking import checked

FULL, SMALL = 30, 1
EXPECTED = {FULL: (21000, 13951, 128709, 7951), SMALL: (700, 466, 4299, 266)}


class Kind(Enum):
    NAME = auto()
    NUMBER = auto()
    STRING = auto()
    KEYWORD = auto()
    OPERATOR = auto()
    END = auto()


@dataclass(slots=True)
class Token:
    kind: Kind
    text: str
    line: int


@dataclass
class Node:
    kind: str
    value: str = ""
    children: list["Node"] = field(default_factory=list)


class SyntaxProblem(Exception):
    def __init__(self, message: str, token: Token) -> None:
        super().__init__(f"line {token.line}: {message}, found {token.text!r}")
        self.token = token


KEYWORDS = {"let", "fn", "if", "else", "while", "return", "and", "or", "not"}
TWO_CHARACTERS = {"==", "!=", "<=", ">=", "->"}


class Lexer:
    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.line = 1

    def peek(self, ahead: int = 0) -> str:
        index = self.position + ahead
        return self.source[index] if index < len(self.source) else ""

    def take_while(self, accepts) -> str:
        start = self.position
        while self.position < len(self.source) and accepts(self.source[self.position]):
            self.position += 1
        return self.source[start : self.position]

    def tokens(self):
        while True:
            self.skip_blank()
            char = self.peek()
            if not char:
                yield Token(Kind.END, "", self.line)
                return
            if char.isalpha() or char == "_":
                word = self.take_while(lambda c: c.isalnum() or c == "_")
                yield Token(Kind.KEYWORD if word in KEYWORDS else Kind.NAME, word, self.line)
            elif char.isdigit():
                yield Token(Kind.NUMBER, self.take_while(lambda c: c.isdigit() or c == "."), self.line)
            elif char == '"':
                yield self.string()
            else:
                size = 2 if char + self.peek(1) in TWO_CHARACTERS else 1
                text = self.source[self.position : self.position + size]
                self.position += size
                yield Token(Kind.OPERATOR, text, self.line)

    def skip_blank(self) -> None:
        while (char := self.peek()) and (char.isspace() or char == "#"):
            if char == "#":
                self.take_while(lambda c: c != "\n")
                continue
            if char == "\n":
                self.line += 1
            self.position += 1

    def string(self) -> Token:
        self.position += 1
        parts = []
        while (char := self.peek()) != '"':
            if not char:
                raise SyntaxProblem("unterminated string", Token(Kind.END, "", self.line))
            if char == "\\":
                self.position += 1
                char = {"n": "\n", "t": "\t"}.get(self.peek(), self.peek())
            parts.append(char)
            self.position += 1
        self.position += 1
        return Token(Kind.STRING, "".join(parts), self.line)


PRECEDENCE = {
    "or": 1,
    "and": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}


class Parser:
    def __init__(self, tokens) -> None:
        self.tokens = list(tokens)
        self.index = 0

    @property
    def current(self) -> Token:
        return self.tokens[self.index]

    def advance(self) -> Token:
        token = self.tokens[self.index]
        self.index += 1
        return token

    def at(self, text: str) -> bool:
        token = self.current
        return token.text == text and token.kind in (Kind.OPERATOR, Kind.KEYWORD)

    def accept(self, text: str) -> bool:
        if self.at(text):
            self.advance()
            return True
        return False

    def expect(self, text: str) -> Token:
        if not self.at(text):
            raise SyntaxProblem(f"expected {text!r}", self.current)
        return self.advance()

    def program(self) -> Node:
        statements = []
        while self.current.kind is not Kind.END:
            statements.append(self.statement())
        return Node("program", children=statements)

    def block(self) -> Node:
        self.expect("{")
        statements = []
        while not self.accept("}"):
            statements.append(self.statement())
        return Node("block", children=statements)

    def statement(self) -> Node:
        if self.accept("let"):
            name = self.advance().text
            self.expect("=")
            node = Node("let", name, [self.expression()])
            self.expect(";")
            return node
        if self.accept("fn"):
            return self.function()
        if self.accept("if"):
            children = [self.expression(), self.block()]
            if self.accept("else"):
                children.append(self.statement() if self.at("if") else self.block())
            return Node("if", children=children)
        if self.accept("while"):
            return Node("while", children=[self.expression(), self.block()])
        if self.accept("return"):
            node = Node("return", children=[self.expression()])
        else:
            node = Node("expression", children=[self.expression()])
            if self.accept("="):
                node = Node("assign", children=[*node.children, self.expression()])
        self.expect(";")
        return node

    def function(self) -> Node:
        name = self.advance().text
        self.expect("(")
        parameters = []
        while not self.accept(")"):
            parameters.append(Node("parameter", self.advance().text))
            self.accept(",")
        return Node("fn", name, [*parameters, self.block()])

    def expression(self, lowest: int = 1) -> Node:
        left = self.unary()
        while (strength := PRECEDENCE.get(self.current.text, 0)) >= lowest and self.current.kind is not Kind.STRING:
            operator = self.advance().text
            left = Node("binary", operator, [left, self.expression(strength + 1)])
        return left

    def unary(self) -> Node:
        if self.at("-") or self.at("not"):
            return Node("unary", self.advance().text, [self.unary()])
        return self.postfix()

    def postfix(self) -> Node:
        node = self.primary()
        while True:
            if self.accept("("):
                arguments = []
                while not self.accept(")"):
                    arguments.append(self.expression())
                    self.accept(",")
                node = Node("call", children=[node, *arguments])
            elif self.accept("."):
                node = Node("attribute", self.advance().text, [node])
            else:
                return node

    def primary(self) -> Node:
        if self.accept("("):
            node = self.expression()
            self.expect(")")
            return node
        token = self.advance()
        if token.kind in (Kind.NAME, Kind.NUMBER, Kind.STRING):
            return Node(token.kind.name.lower(), token.text)
        raise SyntaxProblem("expected an expression", token)


def show(node: Node) -> str:
    if not node.children:
        return f'"{node.value}"' if node.kind == "string" else node.value or "()"
    inner = " ".join(show(child) for child in node.children)
    return f"({node.kind} {node.value} {inner})" if node.value else f"({node.kind} {inner})"


def count(node: Node) -> int:
    return 1 + sum(map(count, node.children))


SAMPLE = """
# The price of an order, with a discount for good customers.
fn price{n}(order, customer) {{
    let total = 0;
    let line = order.first;
    while line != nothing {{
        let amount = line.count * line.product.price;
        if line.product.taxed and not customer.exempt {{
            total = total + amount * (1 + rate(line.product, customer.country) / 100);
        }} else {{
            total = total + amount;
        }}
        line = line.next;
    }}
    if total > {n}00.5 or customer.orders >= 10 {{
        log("discount for \\"{n}\\"\\n", customer.name);
        return round(total * 0.9 - {n}, 2);
    }} else if total == 0 {{
        return -1;
    }}
    return total % 1000000;
}}
"""


def run(size: int = FULL) -> tuple[int, ...]:
    source = "".join(SAMPLE.format(n=number % 7 + 1) for number in range(size * 5))
    parser = Parser(Lexer(source).tokens())
    tree = parser.program()
    text = show(tree)
    result = len(parser.tokens) - 1, count(tree), len(text), text.count("(")
    return checked(result, EXPECTED[size])
