"""An inlined function assigns its parameter in a way that has not run when the region is built: the caller's number lives on.

The program is as large as it was when it crashed: less of it makes other regions.
"""

import whipsnake

ROMAN = [
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
]


def to_roman(n):
    out = ""
    for value, sym in ROMAN:
        while n >= value:
            out += sym
            n -= value
    return out


@whipsnake.never
def from_roman(s):
    values = dict(I=1, V=5, X=10, L=50, C=100, D=500, M=1000)
    total = prev = 0
    for ch in reversed(s):
        v = values[ch]
        if v < prev:
            total -= v
        else:
            total += v
            prev = v
    return total


ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()


@whipsnake.never
def words(n):
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10] + ("-" + ONES[n % 10] if n % 10 else "")
    if n < 1000:
        rest = n % 100
        return ONES[n // 100] + " hundred" + (" and " + words(rest) if rest else "")
    rest = n % 1000
    return words(n // 1000) + " thousand" + (" " + words(rest) if rest else "")


@whipsnake.never
def wrap(text, width):
    line, length = [], 0
    for word in text.split():
        if length + len(word) + len(line) > width and line:
            yield line
            line, length = [], 0
        line.append(word)
        length += len(word)
    if line:
        yield line


@whipsnake.never
def justify(text, width):
    lines = list(wrap(text, width))
    out = []
    for line in lines[:-1]:
        gaps = len(line) - 1
        if gaps == 0:
            out.append(line[0])
            continue
        spaces = width - sum(map(len, line))
        base, extra = divmod(spaces, gaps)
        s = ""
        for i, w in enumerate(line):
            s += w
            if i < gaps:
                s += " " * (base + (i < extra))
        out.append(s)
    out.append(" ".join(lines[-1]))
    return out


@whipsnake.never
def caesar(text, k):
    out = []
    for ch in text:
        if ch.isalpha():
            base = ord("A") if ch.isupper() else ord("a")
            out.append(chr((ord(ch) - base + k) % 26 + base))
        else:
            out.append(ch)
    return "".join(out)


@whipsnake.never
def is_palindrome(s):
    s = "".join(c.lower() for c in s if c.isalnum())
    return s == s[::-1]


@whipsnake.never
def table(rows):
    widths = [max(len(str(r[i])) for r in rows) for i in range(len(rows[0]))]
    sep = "+" + "+".join("-" * (w + 2) for w in widths) + "+"
    out = [sep]
    for r in rows:
        out.append(
            "|"
            + "|".join(f" {str(c).ljust(w)} " if isinstance(c, str) else f" {c:>{w}} " for c, w in zip(r, widths))
            + "|"
        )
    out.append(sep)
    return out


def run():
    bad = [n for n in range(1, 2500) if from_roman(to_roman(n)) != n]
    text = " ".join(words(n) for n in range(1, 3000, 7))
    j = justify(text, 60)
    t = table([("n", "roman", "words")] + [(n, to_roman(n), words(n)) for n in range(1, 200)])
    return bad, len(text), j[:3], t[-3:], len(t)


print(*run())
