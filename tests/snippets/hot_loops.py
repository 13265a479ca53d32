"""Loops long enough for the optimizing tier; each function is named after what broke."""


def zero_made_at_an_exit(x):
    """An int 0 that an exit makes must be false."""
    rounds = 0
    for i in range(150):
        if x:
            for _ in range(3):
                x = i & 7
                rounds += 1
    return x, rounds


def zero_is_the_preallocated_object():
    zero = one = None
    for i in range(200):
        one = i & 1
        zero = i & 256
    return zero is 0, one is 1  # noqa: F632


def division_by_a_zero_made_at_an_exit(x):
    for i in range(80, 0, -1):
        try:
            x = 1 // (i % 17)
        except ZeroDivisionError:
            pass
    return x


def test_in_front_of_the_body_is_jumped_to(a, b, c):
    """Two loops whose ranges overlap."""
    for i in range(1, 390, 3):
        a += b - a
        for j, _ in enumerate([1, 2.5, None, "a"]):
            k = 0
            while k < 8:
                k += 1
                if -5 > (2**32 - 1 if c <= -5 else b):
                    continue
            a = j + i
    return a, b, c


def constant_becomes_an_argument(x):
    """The number of a constant's object is needed only where it is handed to a loop."""
    total = 0.0
    for i in range(200):
        y = 1.5 if i & 3 else x
        for _ in range(3):
            total += y
            y = y + 0.25
        x = -2.25
    return total, x, y


class Case:
    def __init__(self, number, **options):
        self.number, self.options = number, options


def keywords_are_merged(numbers, options):
    """A dict that is named by its slot on the stack."""
    made = []
    for number in numbers:
        if number % 2 == 0:
            continue
        made.append(Case(number, **options))
    return made[-1].number, made[-1].options


for _ in range(3):
    for number in (2.0, 5, 0, True, 2**40):
        print(
            zero_made_at_an_exit(number),
            division_by_a_zero_made_at_an_exit(number),
            constant_becomes_an_argument(number),
        )
    print(zero_is_the_preallocated_object())
    for arguments in ((False, 257, 10**25), (1, 1, 1), (1e308, 2**59, True), (0, -9, -9)):
        print(test_in_front_of_the_body_is_jumped_to(*arguments))
    print(keywords_are_merged(range(100), {"a": 1, "b": 2}), keywords_are_merged(range(100), {}))
