"""Items of arrays, bytes and bytearrays in loops: every type code, edges, and arrays that change while a loop runs."""

from array import array


def total(items, rounds=40):
    result = 0
    for _ in range(rounds):
        for index in range(len(items)):
            result += items[index]
    return result


def fill(items, values, rounds=40):
    for turn in range(rounds):
        for index in range(len(items)):
            items[index] = values[(index + turn) % len(values)]
    return items


for code in "bBhHiIlLqQ":
    print(code, total(array(code, range(100))), fill(array(code, range(9)), [3, 1, 4, 1, 5]))
for code in "fd":
    print(code, total(array(code, [0.5, -1.25, 3e8] * 9)), fill(array(code, [0.0] * 7), [1.5, -2.5]))
print(total(bytes(range(256))), total(bytearray(range(256))), total(array("q", [2**62, -(2**63), 2**63 - 1])))


def failing(work, *args):
    try:
        return work(*args)
    except Exception as error:
        return type(error).__name__, str(error), error.__traceback__.tb_next.tb_lineno


def beyond(items, stop):
    result = []
    for index in range(stop):
        result.append(items[index])
    return result


for items in (array("d", [1.0] * 60), array("i", [1] * 60), bytes(60), bytearray(60)):
    print(failing(beyond, items, 60)[-1], failing(beyond, items, 61))

for code, values in (
    ("i", [1, 2**31 - 1]),
    ("i", [1] * 30 + [2**31]),
    ("l", [5] * 30 + [2**63]),
    ("B", [1] * 30 + [256]),
):
    print(code, failing(fill, array(code, [0] * 40), values))
print(failing(fill, array("d", [0.0] * 40), [1.0] * 30 + [7, True, 2**70]))
print(failing(fill, array("d", [0.0] * 40), [1.0] * 30 + ["text"]))
print(failing(fill, array("i", [0] * 40), [1] * 30 + [2.5]))


def backwards(items):
    result = 0
    for _ in range(30):
        for index in range(-1, -len(items) - 1, -1):
            result += items[index]
    return result


print(backwards(array("d", range(50))), backwards(bytearray(range(50))))


def growing(items):
    result = 0
    for index in range(3000):
        if index % 7 == 0:
            items.append(index % 100)
        result += items[index % len(items)]
        items[index % len(items)] = index % 50
    return result, len(items), sum(items)


print(growing(array("i", [1])), growing(array("d", [1.0])))


def shrinking(items):
    result = 0
    for index in range(3000):
        if len(items) > 5 and index % 3 == 0:
            items.pop()
        result += items[index % len(items)]
    return result, len(items)


print(shrinking(array("l", range(500))), shrinking(bytearray(range(200))))


def changing(kinds):
    result = 0
    for index in range(400):
        items = kinds[index * len(kinds) // 400]
        for position in range(10):
            result += items[position]
    return result


class Twice(array):
    def __getitem__(self, index):
        return 2 * super().__getitem__(index)


digits = range(10)
kinds = [array("d", digits), array("i", digits), bytes(digits), list(digits), bytearray(digits), tuple(digits)]
print(changing(kinds), changing([*kinds, Twice("i", digits), dict(enumerate(digits)), memoryview(bytes(digits))]))


class Grid:
    def __init__(self, width, height):
        self.rows = [array("d", [0.0]) * width for _ in range(height)]

    def relax(self, rounds):
        rows = self.rows
        for _ in range(rounds):
            for y in range(1, len(rows) - 1):
                above, row, below = rows[y - 1], rows[y], rows[y + 1]
                for x in range(1, len(row) - 1):
                    row[x] = 0.25 * (above[x] + below[x] + row[x - 1] + row[x + 1]) + 0.1 * row[x] + 1.0
        return sum(map(sum, rows))


print(Grid(12, 9).relax(60))
