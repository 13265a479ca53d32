"""Exceptions as control flow: a backtracking parser, configuration lookups, cleaning of input, early ways out."""

from checking import checked

FULL, SMALL = 1000, 10
EXPECTED = {
    FULL: (
        2000,
        1801444500,
        28835,
        21004,
        6426687,
        1680,
        720,
        {"int": 1250, "float": 1250, "complex": 1250, "ValueError": 1250},
        225,
        5000,
        10000,
    ),
    SMALL: (20, 164835, 185, 214, 1922, 21, 5, {"int": 13, "float": 13, "complex": 12, "ValueError": 12}, 6, 50, 100),
}


class NoMatch(Exception):
    pass


class ConfigError(Exception):
    def __init__(self, key, reason):
        super().__init__(f"{key}: {reason}")
        self.key = key


class MissingKey(ConfigError):
    def __init__(self, key):
        super().__init__(key, "missing")


class Found(Exception):
    def __init__(self, path):
        self.path = path


class Backtracking:
    """Each rule returns (value, next index) or raises NoMatch; choices try one after the other."""

    def __init__(self, text):
        self.text = text
        self.failures = 0

    def literal(self, index, word):
        if not self.text.startswith(word, index):
            self.failures += 1
            raise NoMatch(word)
        return word, index + len(word)

    def digits(self, index):
        end = index
        while end < len(self.text) and self.text[end].isdigit():
            end += 1
        if end == index:
            self.failures += 1
            raise NoMatch("digits")
        return int(self.text[index:end]), end

    def choice(self, index, *rules):
        for rule in rules:
            try:
                return rule(index)
            except NoMatch:
                continue
        raise NoMatch("no rule fits")

    def many(self, index, rule):
        values = []
        try:
            while True:
                value, index = rule(index)
                values.append(value)
        except NoMatch:
            return values, index

    def duration(self, index):
        number, index = self.digits(index)
        factor, index = self.choice(
            index,
            lambda i: (3600, self.literal(i, "h")[1]),
            lambda i: (60, self.literal(i, "min")[1]),
            lambda i: (1, self.literal(i, "s")[1]),
        )
        return number * factor, index

    def range(self, index):
        low, index = self.digits(index)
        _, index = self.literal(index, "-")
        high, index = self.digits(index)
        return high - low, index

    def group(self, index):
        _, index = self.literal(index, "(")
        values, index = self.many(index, self.item)
        _, index = self.literal(index, ")")
        return sum(values), index

    def item(self, index):
        value, index = self.choice(index, self.group, self.duration, self.range, self.digits)
        try:
            _, index = self.literal(index, ",")
        except NoMatch:
            pass
        return value, index


class Config:
    def __init__(self, values, parent=None):
        self.values = values
        self.parent = parent

    def get(self, key):
        try:
            return self.values[key]
        except KeyError:
            if self.parent is None:
                raise MissingKey(key) from None
            return self.parent.get(key)

    def get_int(self, key, default=None):
        try:
            value = self.get(key)
        except MissingKey:
            if default is None:
                raise
            return default
        try:
            return int(value)
        except (TypeError, ValueError) as error:
            raise ConfigError(key, f"not a number: {value!r}") from error


class Resource:
    opened = closed = 0

    def __enter__(self):
        Resource.opened += 1
        return self

    def __exit__(self, kind, value, traceback):
        Resource.closed += 1
        return kind is not None and issubclass(kind, ZeroDivisionError)


def clean(raw):
    for convert in (int, float, complex):
        try:
            return convert(raw)
        except ValueError:
            pass
    raise ValueError(f"can't make sense of {raw!r}")


def search(tree, wanted, path=()):
    """Leaves a deep recursion at once by an exception."""
    for key, value in tree.items():
        if value == wanted:
            raise Found((*path, key))
        try:
            search(value, wanted, (*path, key))
        except AttributeError:
            pass


def average(numbers):
    try:
        return sum(numbers) / len(numbers)
    except ZeroDivisionError:
        return 0
    finally:
        Resource.closed += 1


def run(size=FULL):
    Resource.opened = Resource.closed = 0
    parser = Backtracking("".join(f"({n}h,{n % 60}min{n}s,{n}-{n * 2}),{n}," for n in range(size)))
    values, end = parser.many(0, parser.item)

    base = Config({f"k{number}": number if number % 3 else "x" for number in range(30)})
    config = Config({f"k{number}": str(number * 10) for number in range(0, 60, 7)}, Config({}, base))
    total = bad = missing = 0
    for number in range(size * 4):
        try:
            total += config.get_int(f"k{number % 50}", default=1 if number % 2 else None)
        except MissingKey:
            missing += 1
        except ConfigError as error:
            bad += len(error.key)

    kinds = {}
    for number in range(size * 5):
        raw = (f"{number}", f"{number}.5", f"{number}+1j", f"#{number}")[number % 4]
        try:
            kind = type(clean(raw)).__name__
        except ValueError as error:
            kind = type(error).__name__
        kinds[kind] = kinds.get(kind, 0) + 1
        with Resource():
            total += number // (number % 3)
        average([])

    tree = {f"a{i}": {f"b{j}": {f"c{k}": i * 100 + j * 10 + k for k in range(5)} for j in range(5)} for i in range(5)}
    depth = 0
    for number in range(size // 4):
        try:
            search(tree, number * 2)
        except Found as found:
            depth += len(found.path)
    result = len(values), sum(values), end, parser.failures, total, bad, missing, kinds, depth
    return checked((*result, Resource.opened, Resource.closed), EXPECTED[size])
