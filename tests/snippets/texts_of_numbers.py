"""`str`, f-strings and formats of numbers and strings: each format with each value, and what is no number, no plain string or no usual format."""

import math
import random
from enum import IntEnum


class Colour(IntEnum):
    RED = 1


class Mine(float):
    def __format__(self, spec):
        return f"Mine({spec})"


class Shown(int):
    def __str__(self):
        return "shown"


INTS = [
    0,
    1,
    -1,
    7,
    10,
    -10,
    99,
    100,
    999,
    1000,
    -1000,
    123456,
    1 << 30,
    -(1 << 30),
    1 << 59,
    (1 << 60) - 1,
    1 << 60,
    10**30,
]
FLOATS = [
    0.0,
    -0.0,
    0.5,
    1.5,
    2.5,
    -2.5,
    0.125,
    0.375,
    1e15,
    1e16,
    1e17,
    123456789.125,
    1e-4,
    1e-5,
    0.1,
    1 / 3,
    -2 / 3,
    5e-324,
]
FLOATS += [
    2.0**52,
    2.0**53 - 1,
    2.0**-70,
    1e22,
    1e23,
    1.7976931348623157e308,
    math.inf,
    -math.inf,
    math.nan,
    999.995,
    0.045,
]
STRINGS = ["", "a", "plain", "{}", "é", "€uro", "𝄞", "x" * 40]
OTHERS = [True, None, Colour.RED, Mine(2.5), Shown(3), 1j, (1, 2), b"x"]
SPECS = [
    "",
    "d",
    "5",
    "5d",
    "<5",
    ">8",
    "^9",
    "=8",
    "05",
    "08.3f",
    "x",
    "X",
    "b",
    "o",
    "02x",
    "04b",
    ",",
    "12,",
    "012,",
    "+",
    "+d",
    " d",
]
SPECS += [
    "s",
    "10s",
    "<10",
    "*^12",
    "é>4",
    ".2",
    ".0f",
    ".1f",
    ".2f",
    ".9f",
    "f",
    "10.2f",
    "<10.1f",
    "*>12.3f",
    ",.2f",
    "15,.1f",
    "e",
    "g",
]
SPECS += [
    "%",
    ".3%",
    "_",
    "#x",
    "c",
    "n",
    "q",
    "1000",
    "999",
    "0",
    "00",
    "<05",
    "0<5",
    ".10f",
    ".",
    "5.",
    "d5",
    "zz",
    "=",
    "==5",
    "z.1f",
]


def show(value, spec):
    try:
        return f"{value:{spec}}"
    except (ValueError, TypeError, OverflowError) as error:
        return f"{type(error).__name__}: {error}"


def texts(value):
    return f"{value}", str(value), f"<{value}>", f"{value!r}|{value!s}", f"{value}{value}"


def fixed(value):
    """Formats that the compiler sees as constants."""
    return f"{value:.0f} {value:.1f} {value:.2f} {value:8.3f} {value:<9.2f}| {value:,.2f} {value:06.1f}"


def ints(value):
    return f"{value:d} {value:5d} {value:<6d}| {value:06d} {value:x} {value:08b} {value:,}"


def joined(a, b):
    return [f"{a}{b}", f"{a} {b}", f"{a}, {b}: {a}", f"{a}\u20ac{b}", f"{a}{''}", f"{''}{b}"]


def observe():
    answers = []
    for value in INTS + FLOATS + STRINGS + OTHERS:
        answers.append(texts(value))
        answers += [show(value, spec) for spec in SPECS]
    answers += [fixed(value) for value in FLOATS]
    answers += [ints(value) for value in INTS]
    for a in STRINGS + INTS[:4]:
        for b in STRINGS:
            answers += joined(a, b)
    return answers


first = observe()
for _ in range(4):
    assert observe() == first
print(len(first), *first, sep="\n")

rng = random.Random(11)
values = [rng.randrange(-(10**6), 10**6) / (1 << rng.randrange(12)) * 10.0 ** rng.randrange(-8, 8) for _ in range(3000)]
print(hash(tuple(float(f"{value}") for value in values)), sum(len(fixed(value)) for value in values))
print([fixed(value) for value in values[:50]], [f"{value}" for value in values[:50]])

OLD = [
    "%s",
    "%d",
    "%i",
    "%f",
    "%.2f",
    "%.0f",
    "%5d",
    "%-5d|",
    "%05d",
    "%-05d|",
    "%0-5d|",
    "%8.3f",
    "%08.2f",
    "%-9.1f|",
    "%10s",
    "%-10s|",
]
OLD += [
    "%05s",
    "%.3s",
    "%.2d",
    "%+d",
    "% d",
    "%x",
    "%r",
    "%a",
    "%c",
    "%%",
    "%5%",
    "%",
    "%(a)s",
    "%1000d",
    "%.10f",
    "€%s",
    "no",
    "a%sb%%c",
    "%r%%",
]


def old(text, values):
    try:
        return text % values
    except (ValueError, TypeError, OverflowError, KeyError) as error:
        return f"{type(error).__name__}: {error}"


def observe_old():
    answers = []
    for text in OLD:
        for value in INTS + FLOATS[:12] + STRINGS + OTHERS + [{"a": 1}, (), (1,), ("a", 2), [1]]:
            answers += [old(text, value), old(text, (value,)), old(text + " " + text, (value, 7))]
    return answers


first = observe_old()
for _ in range(2):
    assert observe_old() == first
print(first)


# A string that a format leaves as it is, is the result itself.
def own(text):
    return (
        f"{text:s}" is text,
        f"{text:3}" is text,
        "%s" % text is text,
        "%3s" % (text,) is text,
        "%s%s" % ("", text) is text,
    )  # noqa: UP031


for _ in range(20):
    seen = own("abcde"), own("a"), own("")
print(seen)

# One character is one object.
digits = [f"{number}" for number in range(10)]
print(all(f"{number}" is digits[number] for number in range(10)), f"{''}{'a'}" == "a")
