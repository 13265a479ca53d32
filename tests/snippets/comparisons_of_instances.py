"""Comparisons of instances in hot code: whose method is asked, what it does not answer, and what is seen meanwhile."""

import sys
import traceback

ROUNDS = 400


def lines_of(error):
    return [(frame.name, frame.lineno, frame.colno) for frame in traceback.extract_tb(error.__traceback__)]


class Version:
    def __init__(self, major, minor):
        self.major = major
        self.minor = minor

    def __eq__(self, other):
        return self.major == other.major and self.minor == other.minor

    def __lt__(self, other):
        return (self.major, self.minor) < (other.major, other.minor)

    def __le__(self, other):
        return not other < self

    def __gt__(self, other):
        return other < self

    def __ge__(self, other):
        return not self < other


def counted():
    a, total = Version(1, 50), [0] * 12
    for i in range(ROUNDS):
        b = Version(i // 200, i % 100)
        if a == b:
            total[0] += 1
        if a != b:
            total[1] += 1
        if not a < b:
            total[2] += 1
        while a <= b:
            total[3] += 1
            break
        total[4] += 1 if a > b else 0
        total[5] += a >= b
        total[6] += (a == b) + (a != b) * 10 + (a < b) * 100
        total[7] += a == a and a != b
        total[8] += 1 if b == b else 1000
        total[9] += (a < b) is True
    return total


class Odd:
    """Its answers are not always a bool."""

    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        return [] if self.n == 1 else self.n

    def __lt__(self, other):
        return None if self.n > 300 else "yes"


def odd_answers():
    found = []
    for i in (1, 2, 3, 0) * 100:
        a, b = Odd(i), Odd(7)
        found.append((a == b, a != b, a < b, "==" if a == b else "!=", "x" if a != b else "y"))
    return found[:4], found[-4:]


class Falls:
    """Its method does not always know."""

    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        if self.n > 300:
            return NotImplemented
        return self.n == other.n

    def __lt__(self, other):
        if not isinstance(other, Falls) or other.n > 300:
            return NotImplemented
        return self.n < other.n


class Knows:
    def __eq__(self, other):
        return "known"

    def __gt__(self, other):
        return "greater than"


def equal(a, b):
    return a == b


def unequal(a, b):
    return a != b


def less(a, b):
    return a < b


def not_implemented():
    found = []
    for others in ((Falls(5), Falls(301)), (Knows(), 3, "s", None, 2.5)):
        for compare in (equal, unequal, less):
            for other in others:
                for i in range(295, 295 + ROUNDS // 8):
                    try:
                        found.append(compare(Falls(i), other))
                    except (TypeError, AttributeError) as error:
                        found.append((str(error), lines_of(error)))
    same = Falls(1000)
    found += [equal(same, same), unequal(same, same), equal(same, Falls(1000)), unequal(same, Falls(1000))]
    return found[::17], len(found), found[-4:]


class Plain:
    __slots__ = ("n",)


class Hashed:
    def __hash__(self):
        return 3


class Coloured:
    RED = None


def identities():
    a, b, c = Plain(), Plain(), Hashed()
    Coloured.RED = Coloured()
    found = [0] * 8
    for i in range(ROUNDS):
        d = a if i % 3 else b
        found[0] += a == d
        found[1] += a != d
        found[2] += 1 if a == c else 2
        found[3] += c == c
        found[4] += a == 3
        found[5] += "s" != a
        found[6] += a.__class__ == d.__class__
        found[7] += Coloured.RED == Coloured.RED
    return found


def unordered():
    found = []
    for i in range(ROUNDS):
        try:
            found.append(less(Plain(), Plain()))
        except TypeError as error:
            found.append((str(error), lines_of(error)))
    return found[0], found[-1], len(found)


class Base:
    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        return "base", self.n

    def __lt__(self, other):
        return "base <", self.n

    def __gt__(self, other):
        return "base >", self.n


class Derived(Base):
    def __gt__(self, other):
        return "derived >", self.n


class Silent(Base):
    pass


class Deaf:
    __eq__ = None

    def __ne__(self, other):
        return "never"


class Declines:
    def __eq__(self, other):
        return NotImplemented

    def __lt__(self, other):
        return NotImplemented


class Number(int):
    def __eq__(self, other):
        return "a number"

    def __lt__(self, other):
        return NotImplemented


def whose_method():
    found = []
    pairs = [
        (Base(1), Base(2)),
        (Base(1), Derived(2)),
        (Derived(1), Base(2)),
        (Base(1), Silent(2)),
        (Silent(1), Silent(2)),
        (Declines(), Base(1)),
        (Declines(), Declines()),
        (Declines(), 5),
        (5, Base(1)),
        (Base(1), 5),
        ("s", Base(1)),
        (None, Base(1)),
        (Plain(), Base(3)),
        (Base(3), Plain()),
        (Number(3), 4),
        (4, Number(3)),
        (Number(3), Number(3)),
        (Deaf(), Base(1)),
        (Base(1), Deaf()),
        (Deaf(), Deaf()),
    ]
    for compare in (equal, unequal, less):
        for a, b in pairs:
            for _ in range(ROUNDS // 8):
                try:
                    found.append(compare(a, b))
                except TypeError as error:
                    found.append(str(error))
    for _ in range(ROUNDS // 8):
        for a, b in pairs:
            try:
                found.append((a == b, a != b, a < b, a > b))
            except TypeError as error:
                found.append(str(error))
    each = ROUNDS // 8
    return found[::each], found[each - 1 :: each], found[-len(pairs) :], len(found)


class Changing:
    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        return self.n == other.n


class Other(Changing):
    def __eq__(self, other):
        return "other"


def methods_that_change():
    found = []
    for i in range(ROUNDS):
        if i == 200:
            Changing.__eq__ = lambda self, other: "changed"
        if i == 250:
            Changing.__ne__ = lambda self, other: "unequal"
        if i == 300:
            del Changing.__eq__
            del Changing.__ne__
        a, b = Changing(1), Changing(1)
        if i == 350:
            Changing.__eq__ = None
        if i % 100 == 99:
            a.__class__ = Other
        try:
            found.append((a == b, a != b))
        except TypeError as error:
            found.append(str(error))
    return found[::40], found[99::100]


class Reclassed:
    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        if self.n == 300:
            other.__class__ = Told
            return NotImplemented
        return self.n == other.n

    def __ne__(self, other):
        self.__class__ = Plainer
        return NotImplemented


class Told:
    def __eq__(self, other):
        return "told"


class Plainer:
    pass


def operands_that_change():
    found = []
    for i in range(ROUNDS):
        a, b = Reclassed(i), Reclassed(300)
        found.append(a == b)
        found.append((a != a, a.__class__.__name__))
    return found[:2], found[598:604], found[-1]


class Fails:
    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        return 1 // self.n == 1 // other.n

    def __lt__(self, other):
        return Untrue(self.n)


class Untrue:
    def __init__(self, n):
        self.n = n

    def __bool__(self):
        if self.n > 300:
            raise ArithmeticError("no truth", sys._getframe(1).f_code.co_name)
        return self.n > 100


def failures():
    found = []
    for i in range(ROUNDS):
        for compare in (equal, unequal):
            try:
                found.append(compare(Fails(7), Fails(ROUNDS - 5 - i)))
            except ZeroDivisionError as error:
                found.append((str(error), lines_of(error)))
                here = error.__traceback__.tb_next
                found.append((sorted(here.tb_frame.f_locals), here.tb_frame.f_code.co_name, here.tb_lasti))
    for i in range(ROUNDS):
        try:
            found.append("less" if Fails(i) < Fails(3) else "not")
        except ArithmeticError as error:
            found.append((error.args, lines_of(error)))
    return found[:2], found[780:795], found[-400::50], found[-1]


class Looks:
    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        if self.n % 100 == 99:
            frame = sys._getframe()
            caller = frame.f_back
            seen.append(
                (
                    frame.f_code.co_name,
                    caller.f_code.co_name,
                    caller.f_lineno - caller.f_code.co_firstlineno,
                    sorted(caller.f_locals),
                    caller.f_lasti,
                )
            )
        return other


seen = []


def frames():
    found = 0
    for i in range(ROUNDS):
        looks = Looks(i)
        if looks == 1:
            found += 1
        if looks != 0:
            found += 10
    return found, seen


class Ends:
    def __init__(self, log, n):
        self.log = log
        self.n = n

    def __eq__(self, other):
        return self.n == other.n

    def __gt__(self, other):
        self, other = other, self
        return self.n < other.n

    def __del__(self):
        frame = sys._getframe(1)
        self.log.append((self.n, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))


def temporaries():
    log = []
    total = 0
    for i in range(ROUNDS):
        total += Ends(log, i) == Ends(log, -1)
        total += 1 if Ends(log, i) != Ends(log, i) else 0
        total += Ends(log, i) > Ends(log, 7)
    return total, len(log), log[:6], log[-6:]


class Tree:
    def __init__(self, left, right):
        self.left = left
        self.right = right

    def __eq__(self, other):
        if not isinstance(other, Tree):
            return NotImplemented
        return self.left == other.left and self.right == other.right


def build(depth):
    return Tree(build(depth - 1), build(depth - 1)) if depth else None


def recursion():
    a, b, c = build(5), build(5), build(4)
    return sum((a == b) + (a != c) * 10 for _ in range(ROUNDS // 10))


class Endless:
    def __eq__(self, other):
        return other == self


def endless_recursion():
    found = []
    for _ in range(30):
        try:
            Endless() == Endless()
        except RecursionError as error:
            found.append((str(error)[:32], len(lines_of(error)) > 900))
    return set(found)


def references():
    a, b = Version(1, 2), Version(1, 3)
    before = sys.getrefcount(a), sys.getrefcount(b)
    count = 0
    for i in range(ROUNDS):
        count += a == b
        count += a != b
        count += a < b
    return count, sys.getrefcount(a) - before[0], sys.getrefcount(b) - before[1]


for test in (
    counted,
    odd_answers,
    not_implemented,
    identities,
    unordered,
    whose_method,
    methods_that_change,
    operands_that_change,
    failures,
    frames,
    temporaries,
    recursion,
    endless_recursion,
    references,
):
    for _ in range(3):
        try:
            print(test.__name__, test())
        except Exception as error:
            print(test.__name__, repr(error), lines_of(error))
