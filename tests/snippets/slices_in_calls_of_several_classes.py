"""A slice among the arguments of a method that several classes have: on each way to a method it is taken once."""


class Terms:
    def total(self, items, scale=1):
        total = 0
        for item in items[1:]:
            total += item * scale
        return total

    def span(self, count):
        return [count, self.total([0, 1])]


class Products:
    def __init__(self):
        self.calls = 0

    def total(self, items, scale=1):
        self.calls += 1
        product = scale
        for item in items[:3]:
            product *= item + 1
        return product

    # An iterator is asked for at once.
    span = range


class Texts(Terms):
    def __getitem__(self, index):
        raise TypeError("texts have no items")

    def total(self, items, scale=1):
        return "".join(map(str, items)) * scale


def totals(operations, rows, scale):
    return [operations.total(row[::-1], scale) for row in rows]


def parts(operations, row):
    found = []
    for first in (0, 1, 2):
        found.append(operations.total(row[first : first + 2]))
        found.append(operations.total(row[first:], 2))
    return found


def spans(operations, count):
    found = []
    for item in operations.span(count):
        found.append(item)
    return found


ROWS = [[1, 2, 3], [4, 5, 6, 7], (8, 9), [10]]
OPERATIONS = [Terms(), Products(), Texts()]
for number in range(240):
    operations = OPERATIONS[number % (3 - number // 60 % 3)]
    result = totals(operations, ROWS, 1 + number % 2), parts(operations, ROWS[1]), spans(operations, 3)
    if number % 20 == 0 or number % 60 < 4:
        print(type(operations).__name__, result)

# One class at first, and one with values in its instances.
operations = [type("Alone", (Products,), {})() for _ in range(3)]
print([totals(operations[number % 3], ROWS, 1)[1] for number in range(120)][-1], [one.calls for one in operations])
