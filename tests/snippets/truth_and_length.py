"""Truth and length of instances in hot code: what `__bool__` and `__len__` may return, and what is seen meanwhile."""

import sys
import traceback

ROUNDS = 400


def lines_of(error):
    return [(frame.name, frame.lineno, frame.colno) for frame in traceback.extract_tb(error.__traceback__)]


class Stack:
    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)


class Switch:
    def __init__(self, on):
        self.on = on

    def __bool__(self):
        return self.on

    def __len__(self):
        return 7


class Plain:
    pass


class Slotted:
    __slots__ = ()


def counted():
    total = [0] * 8
    plain, slotted = Plain(), Slotted()
    for i in range(ROUNDS):
        stack, switch = Stack([0] * (i % 3)), Switch(i % 2 == 0)
        if stack:
            total[0] += 1
        if not switch:
            total[1] += 1
        total[2] += len(stack)
        total[3] += len(switch)
        total[4] += bool(stack) + bool(switch) * 10 + bool(plain) * 100
        if plain and slotted:
            total[5] += 1
        while stack:
            stack.items.pop()
            total[6] += 1
        total[7] += (not stack) + (1 if stack or switch else 2)
    return total


class Index:
    def __init__(self, n):
        self.n = n

    def __index__(self):
        return self.n


class Odd:
    def __init__(self, result):
        self.result = result

    def __len__(self):
        return self.result


class Doubtful:
    def __init__(self, result):
        self.result = result

    def __bool__(self):
        return self.result


class Failing:
    def __init__(self, n):
        self.n = n

    def __bool__(self):
        return 1 // self.n > 5

    def __len__(self):
        return 10 // self.n


def length(x):
    return len(x)


def truth(x):
    return "true" if x else "false"


def of_class_bool(x):
    return bool(x)


def odd_results():
    found = []
    for ask in (length, truth, of_class_bool):
        for result in (3, True, False, 0, 2**40, 2**63 - 1, 2**63, -1, -(2**70), 2.5, None, Index(4), Index(-3), "s"):
            for cls in (Odd, Doubtful, Failing):
                for _ in range(ROUNDS // 16):
                    found.append(cls is not Doubtful or 5)
                    try:
                        found.append(ask(cls(result)))
                    except Exception as error:
                        found.append((repr(error), lines_of(error)))
    return found[1::50], found[49::50], len(found)


def all_kinds():
    found = []
    values = [3, True, 0, -1, None]
    for i in range(ROUNDS):
        try:
            found.append(truth(Doubtful(i % 2 == 0) if i < 300 else Doubtful(values[i % 5])))
        except TypeError as error:
            found.append(str(error))
        try:
            found.append(length(Odd(i) if i < 300 else Odd(values[i % 5])))
        except (TypeError, ValueError) as error:
            found.append(str(error))
    return found[:4], found[596:612], found[-10:]


def is_a_new_number():
    kept = Odd(123456789)
    return sum(len(kept) == kept.result for _ in range(ROUNDS)), len(kept)


class Changing:
    pass


def methods_that_change():
    found = []
    for i in range(ROUNDS):
        if i == 150:
            Changing.__len__ = lambda self: i % 4
        if i == 250:
            Changing.__bool__ = lambda self: False
        if i == 300:
            del Changing.__len__
        if i == 350:
            Changing.__bool__ = None
        changing = Changing()
        try:
            found.append("yes" if changing else "no")
            found.append(len(changing))
        except TypeError as error:
            found.append(str(error))
    return found[::40], found[-3:]


def several_kinds():
    found = 0
    for i in range(ROUNDS):
        for x in (Stack([i]), None, Switch(False), Plain(), 0, Stack([]), "s", Switch(True)):
            if x:
                found += 1
    return found


class Looks:
    def __init__(self, n):
        self.n = n

    def __bool__(self):
        if self.n % 100 == 99:
            frame = sys._getframe()
            seen.append(
                (frame.f_code.co_name, frame.f_back.f_code.co_name, sorted(frame.f_back.f_locals), frame.f_back.f_lasti)
            )
        return self.n > 5

    def __len__(self):
        if self.n % 100 == 99:
            frame = sys._getframe()
            seen.append(
                (frame.f_code.co_name, frame.f_back.f_code.co_name, sorted(frame.f_back.f_locals), frame.f_back.f_lasti)
            )
        return self.n


seen = []


def frames():
    found = 0
    for i in range(ROUNDS):
        looks = Looks(i)
        if looks:
            found += 1
        found += len(looks)
    return found, seen


class Ends:
    def __init__(self, log, n):
        self.log = log
        self.n = n

    def __len__(self):
        return self.n

    def __del__(self):
        frame = sys._getframe(1)
        self.log.append((self.n, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))


def temporaries():
    log = []
    total = 0
    for i in range(ROUNDS):
        total += len(Ends(log, i))
        if Ends(log, -i % 3):
            total += 1
    return total, len(log), log[:4], log[-4:]


def references():
    a = Stack([1])
    before = sys.getrefcount(a)
    count = 0
    for i in range(ROUNDS):
        count += len(a) + bool(a)
        if a:
            count += 1
    return count, sys.getrefcount(a) - before


for test in (
    counted,
    odd_results,
    all_kinds,
    is_a_new_number,
    methods_that_change,
    several_kinds,
    frames,
    temporaries,
    references,
):
    for _ in range(3):
        try:
            print(test.__name__, test())
        except Exception as error:
            print(test.__name__, repr(error), lines_of(error))
