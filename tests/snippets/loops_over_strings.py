"""Loops over strings: ASCII ones, whose characters compiled code finds itself, and others; and fields of named tuples."""

import sys
from collections import namedtuple

ROUNDS = 60
VOWELS = "aeiou"


class Text(str):
    pass


class Backwards(str):
    def __iter__(self):
        return iter(self[::-1])


def vowels(text):
    count = 0
    was = False
    for letter in text:
        is_vowel = letter in "aeiouAEIOU~"
        if is_vowel and not was:
            count += 1
        was = is_vowel
    return count


def consonants(text):
    found = []
    for letter in text:
        if letter not in "aeiou":
            found.append(letter)
        elif letter in VOWELS:
            found.append(letter.upper())
        if letter in "":
            found.append("never")
        if letter in "aé":
            found.append("!")
    return found


def classes(text):
    """Characters of both halves of ASCII, and control characters."""
    counts = [0, 0, 0, 0]
    for char in text:
        if char in "0123456789":
            counts[0] += 1
        if char in "abc\x7f":
            counts[1] += 1
        if char in "\0\n\t ":
            counts[2] += 1
        if char in "@A?[`":
            counts[3] += 1
    return counts


def sentences(text):
    start = 0
    for index, char in enumerate(text):
        if char in ".!?":
            yield text[start : index + 1].strip()
            start = index + 1


def positions(text, start):
    found = 0
    for number, char in enumerate(text, start):
        if char == "e":
            found += number
    return found


def nested(text):
    count = 0
    for first in text:
        for second in text:
            if first == second:
                count += 1
            elif first in "xyz":
                break
    return count


def advancing(text):
    """The body moves the iterator on, too."""
    found = []
    iterator = iter(text)
    for char in iterator:
        found.append(char)
        if char == "t":
            found.append(next(iterator, "end"))
        if char == "!":
            break
    found.append(list(iterator))
    found.append(next(iterator, "still at its end"))
    return found


def held(text):
    """Somebody else has the iterator, and asks it what is left."""
    iterator = iter(text)
    left = 0
    for char in iterator:
        left += iterator.__length_hint__()
    return left, iterator.__reduce__()[1:]


def raising(text):
    seen = []
    try:
        for char in text:
            seen.append(char)
            if char == "5":
                raise ValueError(char)
    except ValueError as error:
        seen.append((error.args, sys.exc_info()[2].tb_frame.f_locals["char"]))
    return seen


def joined(text):
    escapes = {'"': '\\"', "\n": "\\n"}
    return "".join(escapes.get(char, char) for char in text)


def digits(text):
    return (
        sum(1 for char in text if char in "0123456789"),
        any(char in ".eE" for char in text),
        [c for c in text if c > "m"],
    )


def words(texts):
    count = 0
    for text in texts:
        for char in text:
            count += 1
            if char in "st":
                count += 10
    return count


def dying():
    """Nobody else has the string."""
    count = 0
    for number in range(ROUNDS):
        for char in f"{number}-{number * 7}":
            if char in "37":
                count += 1
    return count


Point = namedtuple("Point", "x y tag")
Pair = namedtuple("Pair", "first x")


class Deep(Point):
    @property
    def both(self):
        return self.x + self.y


def total(points):
    found = 0
    for point in points:
        found += point.x
        if point.tag == "twice":
            found += point.x * point.y
    return found


def first_of(points):
    return [point.x for point in points]


def short():
    """Tuples that have fewer items than fields."""
    found = []
    for count in range(ROUNDS):
        point = tuple.__new__(Point, range(count % 3 + 1))
        try:
            found.append(point.y)
        except IndexError as error:
            found.append(str(error))
    return found


def missing(objects):
    found = []
    for thing in objects:
        try:
            found.append(thing.items())
        except AttributeError as error:
            found.append((str(error), error.name, error.obj is thing, type(error.__context__), error.args))
    return found


def missing_within():
    found = []
    for number in range(ROUNDS):
        try:
            try:
                {}[number]
            except KeyError:
                number.nothing
        except AttributeError as error:
            found.append((repr(error), repr(error.__context__), error.name, error.obj, error.__suppress_context__))
    return found[0], found[-1], len(found)


class Empty:
    pass


class Slotted:
    __slots__ = ("a",)


class Ä:
    pass


def main():
    plain = "The harbour master counted 35 boats twice, and twice he got a different number! Why?\tNobody knows. "
    texts = [
        plain,
        "",
        "x",
        "naïve café",
        "日本語のテキスト",
        Text(plain),
        Backwards("abcxyz"),
        "a\0b\n \x7f@[`?A",
        plain * 3,
    ]
    for _ in range(ROUNDS):
        found = [vowels(plain), consonants("harbour")]
    print(found)
    for _ in range(ROUNDS):
        found = [
            [vowels(text), classes(text), positions(text, -3), list(sentences(text)), len(consonants(text))]
            for text in texts
        ]
    print(found)
    for _ in range(ROUNDS):
        found = [
            (nested(text), advancing(text), held(text), joined(text), digits(text))
            for text in ("", "tests!rest", "wxyz", "ü2")
        ]
    print(found)
    for _ in range(ROUNDS):
        found = raising("0123456789"), words(texts), words(["abc", "tests"] * 9), dying()
    print(found)
    print(vowels(["a", "b", "ee"]), words([["ab", "s"], "st", ("t",)]), positions(list("eve"), 1))
    points = [Point(1, 2, "once"), Point(3, 4, "twice"), Point(5, 0.5, "twice")]
    for _ in range(ROUNDS):
        found = total(points * 3), first_of(points * 3)
    print(found)
    mixed = points + [Deep(7, 8, "twice"), Pair(9, 10), Deep(1.5, 2, None)]
    for _ in range(ROUNDS):
        found = first_of(mixed * 3)
    print(found, Deep(1, 2, 3).both)
    print(short())
    Point.x = property(lambda self: self[1] * 100)
    print(first_of(mixed), total(points))
    things = [1, "text", {}, {"a": 1}, 2.5, None, Empty(), Slotted(), Ä(), Empty, points[0], len, main]
    for _ in range(ROUNDS):
        found = missing(things)
    print([entry if isinstance(entry, tuple) else dict(entry) for entry in found])
    print(missing_within())


main()
