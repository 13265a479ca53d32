"""A CSV reader and a JSON reader and writer in plain Python: records in, records out, and back again."""

from checking import checked

FULL, SMALL = 2200, 10
EXPECTED = {FULL: (2200, 10, 208424, 2610374.75, True), SMALL: (10, 7, 1037, 2854.5, True)}


def read_csv(text, delimiter=",", quote='"'):
    """All rows; quoted fields may hold delimiters, line ends, and doubled quotes."""
    rows, row, field = [], [], []
    in_quotes = False
    index = 0
    while index < len(text):
        char = text[index]
        if in_quotes:
            if char == quote:
                if text[index + 1 : index + 2] == quote:
                    field.append(quote)
                    index += 1
                else:
                    in_quotes = False
            else:
                field.append(char)
        elif char == quote:
            in_quotes = True
        elif char == delimiter:
            row.append("".join(field))
            field = []
        elif char == "\n":
            row.append("".join(field))
            rows.append(row)
            row, field = [], []
        else:
            field.append(char)
        index += 1
    if field or row:
        row.append("".join(field))
        rows.append(row)
    return rows


def convert(text):
    if text in ("true", "false"):
        return text == "true"
    if text == "":
        return None
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def to_records(rows):
    header, *body = rows
    return [dict(zip(header, map(convert, row), strict=True)) for row in body]


ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def dumps(value):
    parts = []
    _write(value, parts)
    return "".join(parts)


def _write(value, parts):
    if value is None:
        parts.append("null")
    elif value is True:
        parts.append("true")
    elif value is False:
        parts.append("false")
    elif isinstance(value, str):
        parts.append('"' + "".join(ESCAPES.get(char, char) for char in value) + '"')
    elif isinstance(value, (int, float)):
        parts.append(repr(value))
    elif isinstance(value, dict):
        parts.append("{")
        for index, (key, item) in enumerate(value.items()):
            if index:
                parts.append(",")
            _write(key, parts)
            parts.append(":")
            _write(item, parts)
        parts.append("}")
    elif isinstance(value, (list, tuple)):
        parts.append("[")
        for index, item in enumerate(value):
            if index:
                parts.append(",")
            _write(item, parts)
        parts.append("]")
    else:
        raise TypeError(f"can't write a {type(value).__name__}")


class JSONReader:
    def __init__(self, text):
        self.text = text
        self.pos = 0

    def read(self):
        value = self.value()
        self.blanks()
        if self.pos != len(self.text):
            self.fail("something follows the value")
        return value

    def fail(self, message):
        raise ValueError(f"{message} at {self.pos}")

    def blanks(self):
        while self.pos < len(self.text) and self.text[self.pos] in " \t\r\n":
            self.pos += 1

    def value(self):
        self.blanks()
        char = self.text[self.pos]
        if char == "{":
            return self.object()
        if char == "[":
            return self.array()
        if char == '"':
            return self.string()
        for word, meaning in (("true", True), ("false", False), ("null", None)):
            if self.text.startswith(word, self.pos):
                self.pos += len(word)
                return meaning
        return self.number()

    def object(self):
        result = {}
        self.pos += 1
        self.blanks()
        if self.text[self.pos] == "}":
            self.pos += 1
            return result
        while True:
            self.blanks()
            key = self.string()
            self.blanks()
            if self.text[self.pos] != ":":
                self.fail("no colon")
            self.pos += 1
            result[key] = self.value()
            self.blanks()
            char = self.text[self.pos]
            self.pos += 1
            if char == "}":
                return result
            if char != ",":
                self.fail("no comma")

    def array(self):
        result = []
        self.pos += 1
        self.blanks()
        if self.text[self.pos] == "]":
            self.pos += 1
            return result
        while True:
            result.append(self.value())
            self.blanks()
            char = self.text[self.pos]
            self.pos += 1
            if char == "]":
                return result
            if char != ",":
                self.fail("no comma")

    def string(self):
        if self.text[self.pos] != '"':
            self.fail("no string")
        self.pos += 1
        parts = []
        while (char := self.text[self.pos]) != '"':
            if char == "\\":
                self.pos += 1
                char = self.text[self.pos]
                char = {"n": "\n", "t": "\t"}.get(char, char)
            parts.append(char)
            self.pos += 1
        self.pos += 1
        return "".join(parts)

    def number(self):
        start = self.pos
        while self.pos < len(self.text) and self.text[self.pos] in "+-.eE0123456789":
            self.pos += 1
        text = self.text[start : self.pos]
        return float(text) if any(char in ".eE" for char in text) else int(text)


def make_csv(count):
    lines = ["id,name,price,stock,available,note"]
    for number in range(count):
        note = f'"size ""{number % 9}"", packed\nin twos"' if number % 3 == 0 else ""
        available = "true" if number % 4 else "false"
        lines.append(f"{number},Article {number * 7919 % 1000},{number % 50}.25,{number * 31 % 97},{available},{note}")
    return "\n".join(lines) + "\n"


def run(size=FULL):
    records = to_records(read_csv(make_csv(size)))
    by_stock = {}
    for record in records:
        by_stock.setdefault(f"stock {record['stock'] // 10}", []).append(record)
    text = dumps({"count": len(records), "groups": by_stock})
    back = JSONReader(text).read()
    worth = sum(record["price"] * record["stock"] for group in back["groups"].values() for record in group)
    result = back["count"], len(back["groups"]), len(text), worth, back["groups"] == by_stock
    return checked(result, EXPECTED[size])
