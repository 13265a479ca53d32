"""Items and slices of ranges, with bounds of every kind, steps, and numbers of one digit and more: the same ranges, and the same refusals."""

ROUNDS = 400

RANGES = [
    range(0),
    range(10),
    range(3, 40, 4),
    range(40, 3, -3),
    range(-5, 5),
    range(5, -5),
    range(2**29, 2**30 - 1, 2**28),
    range(2**30, 2**31, 7),
    range(-(2**30), 2**30),
    range(10**20, 10**20 + 5),
    range(0, 2**40, 2**20),
    range(True, 9),
]


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        if self.value is None:
            raise KeyError("no index")
        return self.value


BOUNDS = [None, 0, 1, 3, -1, -4, 99, -99, 2**29, 2**31, -(2**70), True, Index(2), Index(None), "x", 1.5]


def cut(numbers, start, stop):
    return numbers[start:stop]


def item(numbers, index):
    return numbers[index]


def parts(numbers):
    return repr(numbers), numbers.start, numbers.stop, numbers.step, len(numbers) if len(repr(numbers)) < 60 else None


def attempt(function, *args):
    try:
        result = function(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return parts(result) if isinstance(result, range) else result


def halves(numbers):
    """A tree of the numbers, as sums of what is left and right of the middle."""
    if len(numbers) == 0:
        return 0
    middle = len(numbers) // 2
    return halves(numbers[:middle]) + numbers[middle] + halves(numbers[middle + 1 :])


for _ in range(ROUNDS):
    cut(range(9), 2, 5)
    item(range(9), 2)
print([attempt(cut, numbers, start, stop) for numbers in RANGES for start in BOUNDS for stop in BOUNDS])
print([attempt(item, numbers, index) for numbers in RANGES for index in BOUNDS])
print(halves(range(1000)), halves(range(500, -500, -1)), halves(range(2**40, 2**40 + 100, 3)))

# What is cut out is a range like others: of the same length, hash and items, and without what it was cut from.
whole = range(1000, 5000, 7)
piece = cut(whole, 100, -100)
print(
    piece == whole[100:-100],
    hash(piece) == hash(range(1700, 4300, 7)),
    list(piece)[:3],
    1707 in piece,
    piece.index(1714),
)
print(sum(cut(whole, 5, 2)), list(cut(whole, 5, 2)), bool(cut(whole, 5, 2)), cut(whole, 5, 2) == range(0))
print(list(reversed(cut(whole, 3, 6))), cut(cut(whole, 10, 20), 2, 4)[0], cut(whole, 1, 9)[::2])
try:
    item(whole, 10**6)
except IndexError as error:
    print(error, error.__traceback__.tb_next.tb_lineno)
