"""The inner product of two lists of floats."""

from checking import checked

FULL, SMALL = 400_000, 1000
EXPECTED = {FULL: 599955.0, SMALL: 1407.5}


def dot(a: list[float], b: list[float]) -> float:
    total = 0.0
    for index in range(len(a)):
        total += a[index] * b[index]
    return total


def run(size: int = FULL) -> float:
    a = [index % 17 / 16 for index in range(size // 10)]
    b = [index % 13 / 8 for index in range(size // 10)]
    return checked(sum(dot(a, b) for _ in range(40)), EXPECTED[size])
