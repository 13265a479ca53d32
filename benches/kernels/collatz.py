"""The number below a limit whose Collatz sequence is longest."""

from checking import checked

FULL, SMALL = 14_000, 300
EXPECTED = {FULL: (13255, 275), SMALL: (231, 127)}


def longest(limit: int) -> tuple[int, int]:
    best = best_start = 0
    for start in range(1, limit):
        number = start
        steps = 0
        while number != 1:
            number = number // 2 if number % 2 == 0 else 3 * number + 1
            steps += 1
        if steps > best:
            best, best_start = steps, start
    return best_start, best


def run(size: int = FULL) -> tuple[int, int]:
    return checked(longest(size), EXPECTED[size])
