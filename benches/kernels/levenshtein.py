"""The edit distance of two strings."""

from checking import checked

FULL, SMALL = 660, 40
EXPECTED = {FULL: 594, SMALL: 36}


def distance(a: str, b: str) -> int:
    previous = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        current = [i]
        for j in range(1, len(b) + 1):
            cost = previous[j - 1] + (0 if a[i - 1] == b[j - 1] else 1)
            if previous[j] + 1 < cost:
                cost = previous[j] + 1
            if current[j - 1] + 1 < cost:
                cost = current[j - 1] + 1
            current.append(cost)
        previous = current
    return previous[-1]


def run(size: int = FULL) -> int:
    a = "".join(chr(97 + number * number * 3 % 23) for number in range(size))
    b = "".join(chr(97 + number * number * 5 % 19) for number in range(size))
    return checked(distance(a, b), EXPECTED[size])
