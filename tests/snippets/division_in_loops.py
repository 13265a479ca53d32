"""Division, floor division, modulo and shifts in hot loops: by constants, of negative numbers, across widths and types."""


def powers_of_two(numbers):
    out = []
    for x in numbers:
        out.append((x // 1, x % 1, x // 2, x % 2, x // 8, x % 8, x // 1024, x % 4096, x // 4611686018427387904))
    return out


def other_constants(numbers):
    out = []
    for x in numbers:
        out.append((x // 3, x % 3, x // 10, x % 10, x // -3, x % -3, x // -8, x % -8, x // -1, x % -1))
    return out


def by_variables(numbers, divisors):
    out = []
    for x in numbers:
        for y in divisors:
            try:
                out.append((x // y, x % y))
            except ZeroDivisionError as error:
                out.append(str(error))
    return out


def bits(numbers):
    out = []
    for x in numbers:
        out.append((x & 255, x | 6, x ^ -1, x >> 3, ~x, (x & 7) << 4))
    return out


def powers(numbers):
    out = []
    for x in numbers:
        out.append((x**2, x**3, x**4, x**5, x**1, x**0))
    return out


def sum_of_squares(rounds):
    total = 0
    for i in range(rounds):
        total += i**2 - (i - 3) ** 3
    return total


def collatz(start):
    number, steps = start, 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return steps


def grows(rounds):
    """A number that outgrows a machine word while it is divided and multiplied."""
    number, kept = 1, []
    for i in range(rounds):
        number = number * 3 + i % 7
        if number % 16 == 5:
            number = number // 4
        if i % 10 == 0:
            kept.append(number)
    return kept[-1], len(kept), number % 1000003


def halves(numbers):
    """True division carries floats and ints through the loop."""
    total, last = 0.0, 1
    for x in numbers:
        total = total / 2 + x / 8 + 7 / 4
        last = x / 2 if x % 2 else x // 2
        total += last
    return total, last


def becomes_float(rounds, at):
    """The divided number becomes a float in the middle."""
    number, out = 7, []
    for i in range(rounds):
        if i == at:
            number = 1e3
        number = number * 5 // 4 + 1
        out.append(number % 2)
        if number > 10**9:
            number = number % 1000
    return number, type(number).__name__, out[-3:], out[at : at + 2]


def escapes(rounds):
    """What is divided is kept by others, too: one object with all its names."""
    number, kept = 1 << 40, []
    same = 0
    for i in range(rounds):
        before = number
        number = number // 2 + (1 << 39) + i
        kept.append(number)
        same += kept[-1] is number
        if before is number:
            kept.append("never")
    return same, len(kept), kept[-1] % 997


NUMBERS = [
    0,
    1,
    -1,
    2,
    -2,
    3,
    7,
    -7,
    8,
    -8,
    9,
    255,
    256,
    -256,
    1023,
    -1025,
    2**30,
    -(2**30),
    2**31 + 5,
    2**60 - 1,
    -(2**60),
]
WIDE = [*NUMBERS, 2**62, 2**63 - 1, -(2**63), 2**63, 2**64 + 3, -(2**70)]

for round_ in range(60):
    last = [
        powers_of_two(NUMBERS),
        other_constants(NUMBERS),
        by_variables(NUMBERS[:9], [1, -1, 2, -4, 5]),
        bits(NUMBERS),
        powers(NUMBERS),
        sum_of_squares(70),
        [collatz(n) for n in (1, 2, 27, 97)],
        grows(120),
        halves(range(-20, 40)),
        escapes(30),
    ]
for part in last:
    print(part)
for numbers in (WIDE, [True, False, *NUMBERS], [0.5, -0.5, 3.0, *NUMBERS], ["%d", *NUMBERS]):
    for function in (powers_of_two, other_constants, bits, powers):
        try:
            print(function(numbers))
        except TypeError as error:
            print(function.__name__, error, error.__traceback__.tb_next.tb_lineno)
print(by_variables(WIDE, [0, 3, -(2**65), 0.5, 2**40]))
for at in (50, 61, 99):
    print([becomes_float(100, at) for _ in range(20)][-1])
try:
    print(halves([*range(50), None]))
except TypeError as error:
    print(error)
print(collatz(2**65 + 1), collatz(837799), sum_of_squares(300_000))
