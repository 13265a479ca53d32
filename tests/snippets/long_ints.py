"""`*`, `//` and `%` of ints of many digits: every mix of signs and lengths, numbers that differ in one bit, zeros, and who is no exact int."""

import random

LENGTHS = (1, 2, 3, 4, 5, 6, 7, 9, 13, 18, 33, 60, 140)


def numbers(rng):
    for length in LENGTHS:
        top = 1 << 30 * length - 1
        yield from (top, top - 1, top + 1, top << 1, (top << 1) - 1, rng.getrandbits(30 * length), 3 * (top >> 2))


def product(a, b):
    return a * b


def quotient(a, b):
    return a // b


def rest(a, b):
    return a % b


class Odd(int):
    def __mul__(self, other):
        return "Odd", int(self) * other

    def __rmod__(self, other):
        return "reflected", other % int(self)


def checked():
    rng = random.Random(5)
    sum_of_all = 0
    all_numbers = list(numbers(rng))
    for a in all_numbers:
        for b in all_numbers:
            for x, y in ((a, b), (-a, b), (a, -b), (-a, -b)):
                p, q, r = product(x, y), quotient(x, y), rest(x, y)
                assert divmod(x, y) == (q, r)
                assert q * y + r == x and (r == 0 or (r < 0) == (y < 0)) and abs(r) < abs(y)
                assert quotient(p, y) == x and rest(p, y) == 0
                assert rest(p + 1, y) == rest(1, y) and rest(p - 1, y) == rest(-1, y)
                sum_of_all = (sum_of_all * 31 + hash(p) + hash(q) * 3 + hash(r) * 7) % ((1 << 127) - 1)
    return sum_of_all


def in_place(base, exponent, modulus):
    result = 1
    while exponent:
        if exponent & 1:
            result *= base
            result %= modulus
        base = base * base % modulus
        exponent >>= 1
    result //= 3
    return result


def small_results():
    """Small ints are the same objects, wherever they come from."""
    large = 10**90 + 7
    return [
        rest(large * 5 + 4, large) is rest(5, 1000),
        quotient(large * 5 + 4, large) is quotient(5, 1),
        rest(-large, large * 3) == large * 2,
        rest(large * 5, large) is rest(0, 7),
        rest(large * 5 - 1, -large),
        (quotient(1 << 200, 1 << 199), quotient(-(1 << 200), 1 << 199), quotient(-(1 << 200) - 1, 1 << 199)),
        [(number, type(number)) for number in (rest(1 << 300, (1 << 299) + k) for k in range(-3, 4))],
    ]


def errors():
    messages = []
    for function in (quotient, rest):
        for divisor in (0, False, 0.0, "x"):
            try:
                messages.append(function(7**200, divisor))
            except (ZeroDivisionError, TypeError) as error:
                messages.append(f"{type(error).__name__}: {error}")
    return messages


def others():
    large = 3**300
    return [
        product(Odd(large), large),
        product(large, Odd(large)),
        rest(large**2, Odd(large)),
        product(large, True),
        quotient(large, 1e100),
        rest(large, Odd(7**80)),
    ]


def very_long():
    """Longer than what is done in line with the interpreter's own way."""
    a, b = (1 << 200_000) - 12345, (1 << 90_000) + 678
    c, d = (1 << 16_000) - 1, (1 << 15_990) + 1
    answers = [(a, b), (a, c), (c, d), (a, 17), (b, 1 << 40)]
    return [hash((product(x, y), quotient(x, y), rest(x, y))) for x, y in answers]


print(checked())
print(in_place(0x1234567, 7**70, 11**90), pow(0x1234567, 7**70, 11**90) // 3)
for _ in range(40):
    seen = small_results(), errors(), others()
print(*seen, sep="\n")
print(very_long())
