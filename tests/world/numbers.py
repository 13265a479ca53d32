"""Numbers that change their kind or width in the middle of loops; subclasses of numbers with operators of their own."""


class Int(int):
    def __add__(self, other):
        return "Int.__add__"

    def __radd__(self, other):
        return "Int.__radd__"

    def __lt__(self, other):
        return "Int.__lt__"

    def __gt__(self, other):
        return "Int.__gt__"

    def __bool__(self):
        return False

    def __index__(self):
        return 1


class PlainInt(int):
    pass


class Float(float):
    def __mul__(self, other):
        return "Float.__mul__"

    def __rmul__(self, other):
        return "Float.__rmul__"

    def __eq__(self, other):
        return "Float.__eq__"

    __hash__ = None


def grows(start, factor, n):
    """Past every width, and back."""
    value, out = start, []
    for i in range(n):
        value = value * factor + i
        if i % 10 == 0:
            out.append((value, value.bit_length(), value & 0xFFFF, value >> 20, -value // 7, value % 1000003))
    for i in range(n * 4):
        value //= factor + 1
    return out, value, type(value).__name__


def counts_past(limit, n):
    """A counter that goes over a border."""
    i, steps, total = limit - n // 2, 0, 0
    while steps < n:
        steps += 1
        i += 1
        total += i
        total ^= i
    return i, total, [x for x in range(limit - 2, limit + 3)], i > limit, -i < -limit


def changing(values):
    total, log = 0, []
    for value in values:
        try:
            total = total + value
            log.append((total, total * 2, total > 3, total == value, -total, bool(total)))
        except TypeError as error:
            log.append(str(error))
            total = 0
    return log


def divided(n):
    out, x, y = [], 1, 3
    for i in range(n):
        try:
            out.append((x / y, x // y, x % y, divmod(x, y)))
        except ZeroDivisionError as error:
            out.append(str(error))
        x, y = (x + 1, y - 1) if i < n // 2 else (x + 0.5, y + 0.25)
        if y < -20:
            y = 5
    return out


def powers(n):
    out = []
    for i in range(-n, n):
        for base in (2, -2, 0, 1.5, True):
            try:
                result = base**i
                out.append(result if abs(i) % 9 == 0 else type(result).__name__)
            except ZeroDivisionError as error:
                out.append(str(error))
        try:
            out.append((1 << i, -5 >> i))
        except ValueError as error:
            out.append(str(error))
    return out


def specials(n):
    nan, infinity, out = float("nan"), float("inf"), []
    values = [nan, infinity, -infinity, 0.0, -0.0, 1e308, 5e-324, 2**1024, -(2**70), 0, True]
    for i in range(n):
        a, b = values[i % len(values)], values[(i * 7 + i // 11) % len(values)]
        try:
            out.append((a + b, a - b, a * b, a < b, a == b, a != b, a >= b, a is b))
        except OverflowError as error:
            out.append(str(error))
        try:
            out.append((int(a), a // 3))
        except (OverflowError, ValueError) as error:
            out.append(str(error))
    return out


def float_becomes_int(n):
    total, step = 0.5, 0.5
    out = []
    for i in range(n):
        total += step
        if i == n // 4:
            step = 1
        if i == n // 2:
            total = int(total)
        if i == n * 3 // 4:
            step = True
        if i % 50 == 0 or i > n - 4:
            out.append(total)
    return out


def nested(n):
    out = []
    for i in range(n):
        x = i
        for j in range(60):
            x = x * 3 + j if i % 40 != 39 else x + 0.5
            if x > 10**30:
                x = -x // 10**20
        out.append(x)
    return out


for repeat in range(2):
    for start, factor in ((1, 2), (1, 3), (-1, 7), (2**29, 2), (2**59 - 3, 5), (True, 10)):
        print(grows(start, factor, 120))
    for limit in (
        2**7,
        2**15,
        2**30,
        2**31,
        2**32,
        2**60,
        2**62,
        2**63,
        2**64,
        2**90,
        -(2**30),
        -(2**60),
        -(2**63),
        256,
        -5,
        0,
    ):
        print(counts_past(limit, 700))
    mixed = [1, 2, 3] * 60 + [2**29, 2**30, 2**31, 2**62, 2**63, 2**64] + [0.5, 1, 2.5] * 40
    mixed += [True, False, PlainInt(5), 3, PlainInt(2**40), 1j, 4, Int(3), 5, "text", Float(2.5), None, 7, -(2**80)] * 5
    print(changing(mixed))
    print(changing(list(reversed(mixed))))
    print(divided(300), powers(80), specials(400), float_becomes_int(2000), nested(160))
    print(
        [
            (Int(3) + 4, 4 + Int(3), Int(1) < 2, 2 < Int(1), "true" if Int(5) else "false", [7, 8, 9][Int(2)])
            for _ in range(60)
        ][-1]
    )
    print([(Float(3) * 4, 4.0 * Float(3), Float(1) == 1, Float(2) + 1.5, 2 * Float(1)) for _ in range(60)][-1])
