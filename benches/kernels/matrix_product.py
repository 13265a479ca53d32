"""The product of two matrices as lists of lists of floats."""

from checking import checked

FULL, SMALL = 120, 8
EXPECTED = {FULL: 1619887.90625, SMALL: 492.71875}


def product(a: list[list[float]], b: list[list[float]]) -> list[list[float]]:
    size = len(b)
    columns = len(b[0])
    result = []
    for row in a:
        line = []
        for column in range(columns):
            total = 0.0
            for index in range(size):
                total += row[index] * b[index][column]
            line.append(total)
        result.append(line)
    return result


def run(size: int = FULL) -> float:
    a = [[(row * 7 + column * 3) % 11 / 4 for column in range(size)] for row in range(size)]
    b = [[(row * 5 - column * 2) % 13 / 8 for column in range(size)] for row in range(size)]
    return checked(sum(map(sum, product(a, b))), EXPECTED[size])
