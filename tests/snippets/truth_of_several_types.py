"""The truth of values of several types at one place, dicts made by comprehensions whose keys have a say."""


class Plain:
    pass


class Sized:
    def __init__(self, size):
        self.size = size

    def __len__(self):
        asked.append(self.size)
        return self.size


class Truthful:
    def __init__(self, answer):
        self.answer = answer

    def __bool__(self):
        asked.append(self.answer)
        if self.answer is None:
            raise ValueError("neither")
        return self.answer


asked = []


def count(values, rounds):
    yes = no = 0
    for i in range(rounds):
        value = values[i % len(values)]
        if value:
            yes += 1
        if not value:
            no += 1
    return yes, no, bool(value)


plain = Plain()
print(count([None, plain], 1500))
print(count([None, plain, 0, 1, 2**80, "", "x", [], [0], (), (0,), {}, {1: 2}, 0.0, -0.0, 1.5, True, False], 1800))
print(
    count([None, plain, set(), {1}, frozenset(), b"", b"x", bytearray(), bytearray(b"x"), range(0), range(3), 0j], 1200)
)
print(count([None, plain, Sized(0), Sized(3)], 1200), len(asked))
asked.clear()
print(count([None] * 500 + [plain] * 500 + [Truthful(True), Truthful(False)], 2004), len(asked))
for wrong in (Truthful(None), Sized(-1)):
    asked.clear()
    try:
        count([plain, None] * 600 + [wrong], 1300)
    except ValueError as error:
        print(type(error).__name__, error, len(asked))


class Late:
    pass


def learns(values, rounds):
    """The class gets its `__bool__` in the midst of it."""
    yes = 0
    for i in range(rounds):
        if i == rounds - 10:
            Late.__bool__ = lambda self: False
        if values[i & 1]:
            yes += 1
    return yes


print(learns([Late(), None], 2000))


def filtered(values):
    return [value for value in values if value], any(value.tag for value in values if value)


class Tagged:
    def __init__(self, tag):
        self.tag = tag


for _ in range(60):
    found, some = filtered([Tagged(0), None, Tagged(0), None, Tagged(1)])
print(len(found), some)


class Key:
    def __init__(self, number):
        self.number = number

    def __hash__(self):
        return self.number % 3

    def __eq__(self, other):
        asked.append(self.number)
        return isinstance(other, Key) and self.number == other.number


def tables(n):
    squares = {i: i * i for i in range(n)}
    texts = {str(i): [i] for i in range(n)}
    same = {i % 7: i * 1000 for i in range(n)}
    pairs = {(i, i + 1): i for i in range(n) if i % 2}
    return sum(squares.values()), len(texts), same, len(pairs)


for _ in range(40):
    result = tables(60)
print(result)
asked.clear()
for _ in range(20):
    result = {key: key.number for key in [Key(i % 5) for i in range(40)]}
print([key.number for key in result], len(asked))
try:
    print({key: 1 for key in [1, 2, 3] * 300 + [[]]})
except TypeError as error:
    print(error)


class Loud:
    def __init__(self, number):
        self.number = number

    def __del__(self):
        asked.append(self.number)


asked.clear()
result = {i % 4: Loud(i) for i in range(900)}
print(len(asked), asked[:3], asked[-3:])
