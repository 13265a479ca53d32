"""Methods that several classes inherit, lists of derived classes, large ints: what is built at once, without waiting for a failure."""

ROUNDS = 120


class Shape:
    def __init__(self, size):
        self.size = size

    def area(self):
        return self.size * self.factor() + self.extra

    def factor(self):
        return 2

    def grow(self, by):
        self.size = self.size + by
        self.last = by
        return self.size


class Square(Shape):
    extra = 1

    def __init__(self, size):
        self.name = "square"
        self.size = size


class Round(Shape):
    extra = 3

    def __init__(self, size):
        self.color = "red"
        self.kind = "round"
        self.size = size

    def factor(self):
        return 3


class Slotted(Shape):
    __slots__ = ("more",)
    extra = 5


def areas(shapes):
    total = 0
    for index in range(ROUNDS):
        shape = shapes[index % len(shapes)]
        total += shape.area()
        total += shape.grow(1)
    return total


def changed_classes():
    shapes = [Square(1), Round(2)]
    print(areas(shapes), [shape.size for shape in shapes])
    Square.extra = 100
    print(areas(shapes))
    shapes[0].extra = 7
    print(areas(shapes))
    Round.size = property(lambda self: 11, lambda self, value: seen.append(value))
    print(areas(shapes), len(seen), seen[-1])
    del Round.size
    print(areas(shapes))
    del shapes[1].size
    try:
        areas(shapes)
    except AttributeError as error:
        print(error)
    shapes[1].size = 4
    shapes.append(Slotted(9))
    print(areas(shapes))
    Square.factor = lambda self: self.size % 7
    print(areas(shapes))
    shapes[0].__dict__["factor"] = lambda: 1000
    print(areas(shapes))


seen = []


class Plan(list):
    def first(self):
        return self[0]


class Counting(list):
    count = 0

    def append(self, item):
        Counting.count += 1
        super().append(item)


class Ends:
    def __init__(self, log):
        self.log = log

    def __del__(self):
        self.log.append("end")


def filled(make):
    total = 0
    for index in range(ROUNDS):
        items = make()
        items.append(index)
        items.append(None)
        items.append(items)
        total += len(items) + items[0]
        items.clear()
    return total


def kept(items):
    for index in range(ROUNDS):
        items.append(index * 0.5)
    return items


def appends():
    print(filled(Plan), filled(list), filled(Counting), Counting.count, filled(Plan))
    kinds = [list, Plan, Counting]
    turn = iter(range(10**9))
    print(filled(lambda: kinds[next(turn) % 3]()), Counting.count)
    for kind in (Plan, list, Plan, Counting):
        items = kept(kind())
        print(type(items).__name__, len(items), items[-1], sum(items))
    Plan.append = lambda self, item: list.append(self, -1.0)
    print(sum(kept(Plan())), sum(kept([])))
    del Plan.append
    print(sum(kept(Plan())))
    log = Plan()
    for _ in range(ROUNDS):
        Ends(log)
    print(len(log), log[0])
    try:
        filled(tuple)
    except AttributeError as error:
        print(error)


class Odd(int):
    def __xor__(self, other):
        return "odd"

    __rxor__ = __xor__


def combined(values, key):
    result = key
    for _ in range(ROUNDS):
        for value in values:
            result = result ^ value
            result = (result | 1 << 70) & ~value
    return result


class Board:
    def __init__(self, keys):
        self.keys = keys
        self.hash = 0

    def update(self, index):
        self.hash ^= self.keys[index]
        self.hash ^= self.keys[index - 1]

    def both(self, index):
        self.update(index)
        self.update(index - 2)
        return self.hash


def hashes(board):
    total = []
    for index in range(ROUNDS):
        board.both(index % 3)
        total.append(board.hash)
    return total[-3:], len(set(map(str, total)))


def large_ints():
    print(combined([2**62 + 5, 3, -(2**65), 0], 2**63))
    print(combined([1, 2, 3], 7))
    print(hashes(Board([2**62 + 12345, 2**61 + 99, 2**40 + 7])))
    print(hashes(Board([1, 2, 3])))
    print(hashes(Board([2**62, 5, False])))
    print(hashes(Board([2**100, -5, 2**30])))
    sets = Board([{1, 2}, {2, 3}, {4}])
    sets.hash = {9}
    print([sorted(one) for one in hashes(sets)[0]])
    odd = Board([2**62, Odd(3), 1])
    try:
        print(hashes(odd))
    except TypeError as error:
        print(error)
    try:
        hashes(Board([1, 2.5, 3]))
    except TypeError as error:
        print(error)


class Point:
    def __init__(self, x):
        self.x = x

    def __sub__(self, other):
        if not isinstance(other, Point):
            return NotImplemented
        return Point(self.x - other.x)

    def __add__(self, other):
        return Point(self.x + (other.x if isinstance(other, Point) else other))


class Reflects:
    def __rsub__(self, other):
        return Point(-1)


class Further(Point):
    def __rsub__(self, other):
        return Point(1000)


def made(kind, x):
    return kind(x) if kind else x


def distance(kind, x):
    base = made(Point, x)
    other = made(kind, x + 2)
    difference = base - other
    base.x += difference.x
    return (base + other).x


def distances(kind):
    total = 0
    for index in range(ROUNDS):
        total += distance(kind, index)
    return total


def operators():
    print(distances(Point), distances(Point))
    try:
        print(distances(None))
    except TypeError as error:
        print(error)
    print(distances(Further), distances(Point))
    try:
        print(distances(lambda x: Reflects()))
    except TypeError as error:
        print(error)
    print(distances(Point))


def truth(values):
    total = 0
    for _ in range(ROUNDS):
        for value in values:
            if decided(value):
                total += 1
    return total


def decided(value):
    return not (False if value is None else value)


def kinds_of_truth():
    print(truth([True, False]), truth([1, 0, ""]), truth([True, [], "x"]), truth([None, 1.5]), truth([True, False]))


changed_classes()
appends()
large_ints()
operators()
kinds_of_truth()


class Node:
    def __init__(self, number):
        self.number = number
        self.next = self
        self.mark = 0

    def end(self):
        found = self.next
        if found.number != self.number:
            found = found.end()
        return found

    def work(self, by):
        self.mark += by
        return self.mark + self.number


def chased(nodes):
    total = 0
    for index in range(ROUNDS):
        node = nodes[index % len(nodes)]
        total += node.end().work(1) + node.end().mark + node.number
    return total


def with_dicts_and_without():
    nodes = [Node(number) for number in range(7)]
    for number in range(6):
        nodes[number].next = nodes[number + 1]
    print(chased(nodes))
    for number in (1, 3, 5):
        # No room for these inside.
        for extra in range(40):
            setattr(nodes[number], f"extra{extra}", extra)
    print(chased(nodes))
    nodes[2].__dict__["number"] = 100
    nodes[4].__dict__ = {"next": nodes[5], "mark": 3, "number": 4}
    print(chased(nodes), chased(nodes[:4]))
    del nodes[3].number
    try:
        chased(nodes)
    except AttributeError as error:
        print(error)
    Node.number = 77
    print(chased(nodes))
    nodes[3].number = 3
    Node.number = property(lambda self: 5)
    print(chased(nodes))


def counted(values, start):
    count = start
    for value in values:
        if value:
            count += 1
        else:
            for other in values:
                if other == value:
                    count += 2
    return count


def counts():
    values = [0, 1] * 20
    for start in (0, 0.5, True, 2**70, 0, 1.5) * 8:
        last = counted(values, start)
    print(last, counted(iter(values), 1), counted(tuple(values), 0.25), counted({1: 2, 0: 3}, 3))
    try:
        counted(values, "x")
    except TypeError as error:
        print(error)


def keys_of_any_length(keys):
    held, found = set(), {}
    total = 0
    for index in range(ROUNDS):
        for key in keys:
            if key + index % 3 in held:
                total += 1
            held.add(key + index % 2)
            found[key] = index
            found[key, index % 4] = key
            total += found.get(key + 1, 3)
    return total, len(held), len(found), hash(max(held))


with_dicts_and_without()
counts()
print(keys_of_any_length([2**62, -(2**61) + 1, 2**61 - 2, 5, 2**200]))
print(keys_of_any_length([2.0**62, 2**62, 1.5, True]))


def skipped(text, position, wanted):
    try:
        while text[position] in wanted:
            position += 1
    except IndexError:
        pass
    return position


def letters(text):
    found = {}
    for _ in range(3):
        for position in range(-len(text), len(text)):
            character = text[position]
            if character == "a" or character == "\xe9":
                found[character] = found.get(character, 0) + 1
    return found


class Text(str):
    def __getitem__(self, index):
        return "a" if index else str.__getitem__(self, 0)


def texts():
    wide, latin, plain = "aab\u20ac\U0001f600ab" * 9, "a\xe9ab" * 9, "abab" * 9
    for text in (wide, latin, plain, wide):
        for _ in range(ROUNDS):
            end = skipped(text, 0, "ab") + skipped(text, len(text) - 2, "ab")
        print(end, letters(text))
    print(letters("\u20ac" * 40), letters(Text("ab" * 9)))
    try:
        letters([[]] * 9)
        skipped(wide, -1000, "a")
        skipped(wide, 0, 5)
    except TypeError as error:
        print(error)
    print(skipped(latin, -1000, "a"))


def pairs(words):
    found = {}
    for _ in range(ROUNDS):
        for index in range(len(words) - 1):
            pair = words[index], words[index + 1]
            found[pair] = found.get(pair, 0) + 1
            found[words[index]] = index
    return sorted(map(repr, found.items()))[:5], len(found)


def sets_and_texts(left, right):
    for _ in range(ROUNDS):
        result = joined(left, right)
    return result


def joined(left, right):
    first, second = made(None, left), made(None, right)
    return first - second if isinstance(first, frozenset) else first + second


texts()
print(pairs([b"a", b"b", b"ab", b"a", b"b", b"", bytes(bytearray(b"ab"))]))
print(pairs([b"a", "a", 97, b"a", 2**70, 2**70, (b"a", "a")]))
print(sets_and_texts(frozenset({1, 2}), frozenset({2})), sets_and_texts(b"a", b"b"), sets_and_texts([1], [2]))
print(sets_and_texts(1, 2.5), sets_and_texts(2, 3), sets_and_texts("a", "b"), sets_and_texts(b"a", b"b"))
