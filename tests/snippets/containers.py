"""Displays, unpacking, subscripts, slices, comprehensions, iteration that changes what it iterates over."""


def subscripts(i):
    out = []
    items, pairs, text, table = [1, 2, 3], (4, 5, 6), "abcé", {"a": 1, 2: "b", (1, 2): 3}
    for index in (0, -1, 2, -3, 3, -4, True, 10**20, "x", None, slice(1, None), slice(None, None, -1), slice(0, 2)):
        for thing in (items, pairs, text, table, range(3)):
            try:
                out.append(thing[index])
            except Exception as error:
                out.append(f"{type(error).__name__}: {error}")
    items[i % 3] = i
    items[-1:] = [7, 8, 9]
    items[1:1] = "xy"
    del items[0], items[-2:]
    table["a"] += i
    table[i] = i
    del table[2]
    out.append((items, table))
    for act in (lambda: pairs.__setitem__(0, 1), lambda: items.__delitem__(99), lambda: table.__delitem__("no")):
        try:
            act()
        except Exception as error:
            out.append(f"{type(error).__name__}: {error}")
    out.append((items[1:], pairs[:-1], text[::2], text[i % 4], items[i % 2 : i % 3]))
    return out


def unpacking(i):
    out = []
    for value in ((1, 2), [3, 4], "xy", range(2), {"k": 1, "l": 2}, iter([5, 6]), (1,), (1, 2, 3), 5):
        try:
            a, b = value
            out.append((a, b))
        except Exception as error:
            out.append(f"{type(error).__name__}: {error}")
    for value in ((1, 2), [1, 2, 3, 4], "abcde", ()):
        try:
            first, *middle, last = value
            out.append((first, middle, last))
        except ValueError as error:
            out.append(str(error))
    (a, (b, c)), d = (i, (2, 3)), 4
    a, b = b, a
    a, b, c = c, a, b
    out.append((a, b, c, d))
    return out


def displays(i):
    items = [i, *range(3), *"ab"]
    pairs = (*items, i)
    unique = {i, *range(3)}
    table = {"i": i, **{"j": 2}, "i": 3}
    out = [items, pairs, sorted(unique), table, [], (), {}, [1, 2, 3], {1, 2, 3}, {"a": 1, "b": 2}]
    try:
        out.append({**{"a": 1}, **5})
    except TypeError as error:
        out.append(str(error))
    try:
        out.append({[]: 1})
    except TypeError as error:
        out.append(str(error))
    try:
        out.append([*5])
    except TypeError as error:
        out.append(str(error))
    return out


def comprehensions(i):
    x = "outer"
    out = [
        [x for x in range(i % 5)],
        {x: x * i for x in range(3)},
        sorted({x % 3 for x in range(10)}),
        [(x, y) for x in range(3) if x for y in range(x) if y != i],
        [lambda: x for x in range(3)][0](),
        [[j for j in range(k)] for k in range(3)],
        x,
    ]
    try:
        [1 // (3 - k) for k in range(5)]
    except ZeroDivisionError as error:
        out.append(error.__traceback__.tb_lineno)
    return out


def iteration(i):
    out = []
    items = [1, 2, 3]
    for item in items:
        if item < 6:
            items.append(item + 3)
    out.append(items)
    table = {1: 2, 3: 4}
    try:
        for key in table:
            table[key + 10] = 1
    except RuntimeError as error:
        out.append(str(error))
    for index, (key, value) in enumerate(table.items()):
        out.append((index, key, value))
    for a, b in zip("abc", range(9), strict=False):
        out.append(a * b)
    for number in range(10, 0, -3):
        out.append(number)
    for number in range(2**63 - 2, 2**63 + 1):
        out.append(number)
    for _ in ():
        out.append("never")
    else:
        out.append("else")

    class Old:
        def __getitem__(self, index):
            if index == i % 5:
                raise IndexError
            return index * 2

    class Iterator:
        def __init__(self):
            self.left = 3

        def __iter__(self):
            return self

        def __next__(self):
            self.left -= 1
            if self.left < 0:
                raise StopIteration
            return self.left

    out.append((list(Old()), [*Iterator()], 4 in Old(), 2 in Iterator()))
    try:
        for _ in 5:
            pass
    except TypeError as error:
        out.append(str(error))
    return out


def text(i):
    name, value = "x", 3.14159
    out = [f"{name}{i}", f"{value:.2f}|{i:>5}|{name!r:^7}", f"{i=}", f"{value:{i % 5 + 3}.1f}", "%s %d" % (name, i)]
    out += [name + str(i) * 3, "ab", name < "y", name == "x", "x" in "xyz", "".join(map(str, range(3)))]
    built = ""
    for k in range(20):
        built += str(k)
    out.append(built)
    try:
        f"{i:q}"
    except ValueError as error:
        out.append(str(error))
    return out


def patterns(subject):
    match subject:
        case 0 | 1:
            return "small"
        case int(n) if n > 100:
            return "large", n
        case [x, y]:
            return "two", x, y
        case [first, *rest]:
            return "many", first, rest
        case {"kind": kind, **rest}:
            return "map", kind, rest
        case str() as word:
            return "text", word
        case Point(x=0, y=y):
            return "on axis", y
        case Point(x, y):
            return "point", x, y
        case None | True:
            return "singleton"
        case _:
            return "other"


class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


SUBJECTS = [
    0,
    1,
    50,
    500,
    [1, 2],
    (1, 2, 3),
    [],
    {"kind": 1, "z": 2},
    {},
    "word",
    Point(0, 3),
    Point(1, 2),
    None,
    True,
    2.5,
    b"b",
]

for i in range(60):
    for function in (subscripts, unpacking, displays, comprehensions, iteration, text):
        print(function.__name__, function(i))
    print([patterns(subject) for subject in SUBJECTS])
