"""Numbers that don't fit a machine word: primes, keys, continued fractions, digits of e, exact combinatorics."""

import math
import random

from checking import checked

FULL, SMALL = 60, 3
EXPECTED = {
    FULL: (True, 48469, 2781, 1, 2519, 10902, 814901, 148512),
    SMALL: (True, 782156, 134, 1, 125, 576, 87381, 6408),
}


def power(base: int, exponent: int, modulus: int) -> int:
    result = 1
    base %= modulus
    while exponent:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result


def is_probable_prime(number: int, rng: random.Random, rounds: int = 4) -> bool:
    if number < 4:
        return number in (2, 3)
    for small in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29):
        if number % small == 0:
            return number == small
    odd, shift = number - 1, 0
    while odd % 2 == 0:
        odd //= 2
        shift += 1
    for _ in range(rounds):
        x = power(rng.randrange(2, number - 1), odd, number)
        if x in (1, number - 1):
            continue
        for _ in range(shift - 1):
            x = x * x % number
            if x == number - 1:
                break
        else:
            return False
    return True


def random_prime(bits: int, rng: random.Random) -> int:
    while True:
        candidate = rng.getrandbits(bits) | (1 << bits - 1) | 1
        if is_probable_prime(candidate, rng):
            return candidate


def extended_gcd(a: int, b: int) -> tuple[int, int, int]:
    x, next_x, y, next_y = 1, 0, 0, 1
    while b:
        quotient, rest = divmod(a, b)
        a, b = b, rest
        x, next_x = next_x, x - quotient * next_x
        y, next_y = next_y, y - quotient * next_y
    return a, x, y


class Key:
    def __init__(self, bits: int, rng: random.Random) -> None:
        p, q = random_prime(bits, rng), random_prime(bits, rng)
        self.modulus = p * q
        self.public = 65537
        self.private = extended_gcd(self.public, (p - 1) * (q - 1))[1] % ((p - 1) * (q - 1))

    def encrypt(self, text: str) -> list[int]:
        step = self.modulus.bit_length() // 8
        data = text.encode()
        blocks = [data[start : start + step] for start in range(0, len(data), step)]
        return [power(int.from_bytes(block), self.public, self.modulus) for block in blocks]

    def decrypt(self, blocks: list[int]) -> str:
        numbers = [power(block, self.private, self.modulus) for block in blocks]
        return b"".join(number.to_bytes((number.bit_length() + 7) // 8) for number in numbers).decode()


def fibonacci(n: int) -> tuple[int, int]:
    """F(n) and F(n + 1), by doubling."""
    if n == 0:
        return 0, 1
    a, b = fibonacci(n >> 1)
    c, d = a * (2 * b - a), a * a + b * b
    return (d, c + d) if n & 1 else (c, d)


def root_of_two(terms: int) -> tuple[int, int]:
    """A convergent of the continued fraction."""
    numerator, denominator = 1, 1
    for _ in range(terms):
        numerator, denominator = numerator + 2 * denominator, numerator + denominator
    return numerator, denominator


def digits_of_e(count: int) -> int:
    unit = 10 ** (count + 10)
    total = term = unit
    n = 1
    while term:
        term //= n
        total += term
        n += 1
    return total // 10**10


def binomial(n: int, k: int) -> int:
    result = 1
    for i in range(1, k + 1):
        result = result * (n - k + i) // i
    return result


def digit_sum(number: int) -> int:
    return sum(map(int, str(number)))


def run(size: int = FULL) -> tuple[object, ...]:
    rng = random.Random(size)
    key = Key(size * 8, rng)
    text = "attack at dawn, " * 4
    numerator, denominator = root_of_two(size * 25)
    result = (
        key.decrypt(key.encrypt(text)) == text,
        key.modulus % 1_000_003,
        digit_sum(fibonacci(size * 50)[0]),
        math.gcd(numerator, denominator),
        digit_sum(numerator),
        digit_sum(digits_of_e(size * 40)),
        sum(binomial(size * 6, k) for k in range(0, size * 6, 3)) % 1_000_003,
        sum(fibonacci(number)[0] & 0xFF for number in range(size * 20)),
    )
    return checked(result, EXPECTED[size])
