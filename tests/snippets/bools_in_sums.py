"""Bools as numbers in hot loops: counted, compared, mixed with ints and floats, and still bools where they should be."""


def counts(values, limit):
    above = even = inside = both = 0
    for value in values:
        above += value > limit
        even += value % 2 == 0
        inside += value in (1, 2, 3)
        both += (value > limit) + (value % 2 == 0)
    return above, even, inside, both


def operators(values):
    out = []
    for value in values:
        yes, no = value > 2, value < 0
        out.append(
            (yes + no, yes - no, yes * 3, 7 - yes, yes & no, yes | no, yes ^ True, yes & 3, 4 | yes, 5 % (yes + 1))
        )
    return out


def kinds(values):
    out = []
    for value in values:
        yes = value > 2
        out.append(
            (type(yes + yes).__name__, type(yes & True).__name__, type(yes | 2).__name__, yes == 1, yes < 1, 0 <= yes)
        )
    return out


def names(text, letters):
    found = 0
    for letter in text:
        found += letter in letters
        found -= letter == "x"
    return found


def floats(values):
    total = 0.5
    for value in values:
        total += value > 1
        total = total * (value != 3)
    return total


def grows(rounds):
    total = 2**62 - 5
    for n in range(rounds):
        total += n >= 0
    return total


def no_product(rounds):
    """The error tells a bool from an int."""
    said = set()
    for n in range(rounds):
        try:
            n @ (n > 3)
        except TypeError as error:
            said.add(str(error))
    return said


def shown(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error} at {error.__traceback__.tb_next.tb_lineno}"


for _ in range(60):
    results = [
        shown(counts, range(-20, 40), 7),
        shown(operators, range(-4, 8)),
        shown(kinds, range(-4, 8)),
        shown(names, "the quick brown fox" * 3, "aeiou"),
        shown(floats, range(40)),
        shown(grows, 40),
        shown(no_product, 40),
    ]
print(*results, sep="\n")
print(shown(counts, [1.5, 2, True, 2**70], 1), shown(counts, [1, "x"], 0), shown(operators, [1, 5.5, None]))


class Odd(int):
    def __gt__(self, other):
        return "odd"

    def __radd__(self, other):
        return other + 100


print(shown(counts, [5, 6, Odd(3)], 1), shown(operators, [1, Odd(7)]), shown(grows, 3000) - 2**62)
