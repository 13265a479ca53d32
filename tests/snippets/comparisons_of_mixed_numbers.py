"""Numbers of several types compared at one place: floats, ints that are exact as floats and such as are not, bools, and what is no number."""

from fractions import Fraction


def compare_all(values, others, rounds):
    counts = [0] * 6
    for i in range(rounds):
        x = values[i % len(values)]
        y = others[i % len(others)]
        if x < y:
            counts[0] += 1
        if x <= y:
            counts[1] += 1
        if x == y:
            counts[2] += 1
        if x != y:
            counts[3] += 1
        if x > y:
            counts[4] += 1
        counts[5] += x >= y
    return counts


nan, inf = float("nan"), float("inf")
print(compare_all([1.5, 2, 3.0, -1], [2.0, 2, 3, 0.5, -1.0], 3000))
print(compare_all([0, 0.0, -0.0, 1], [0, 0.0, 5], 3000))
print(compare_all([1.5, 2, nan, inf, -inf], [2.0, 3, inf, nan], 3000))
big = [2**53, 2**53 + 1, float(2**53), 2**53 - 1, 2**62, float(2**62), 2**63, 2**70, float(2**70), -(2**53) - 1]
print(compare_all(big, [2**53 + 1, 2.0**53, 2**53], 3000))
print(compare_all([1.5, 2, True, False], [1, 0.5, True], 3000))
print(compare_all([1.5, 2, Fraction(3, 2)], [1, 0.5, 1.5], 3000))
for wrong in ("x", None, 1j):
    try:
        print(compare_all([1.5, 2] * 800 + [wrong], [1, 2.5, 2.0], 2000))
    except TypeError as error:
        print(error)


def masses(values):
    """As a tree of particles: nothing yet is an int, the sum a float."""
    found = 0
    for value in values:
        if value == 0:
            continue
        if value > 10:
            found += 1
    return found


for _ in range(30):
    print(masses([0, 1.5, 12.5, 0, 11, 10.0, 2**60, 2**80] * 10), end=" ")
print()


class Odd(float):
    def __eq__(self, other):
        return "odd"

    __hash__ = None


print([compare_all([1.0, 2, Odd(1.0)], [1, 2.0, Odd(2)], 900) for _ in range(2)])
