"""Operators and comparisons of sets, and loops over them: what is the same as in the interpreter, with items of all kinds."""

ROUNDS = 150


class Odd:
    """Equal to others with the same number; says when it is asked."""

    asked = 0

    def __init__(self, number):
        self.number = number

    def __hash__(self):
        return self.number % 3

    def __eq__(self, other):
        Odd.asked += 1
        return isinstance(other, Odd) and other.number == self.number

    def __repr__(self):
        return f"Odd({self.number})"


class Failing(Odd):
    def __eq__(self, other):
        raise ValueError("no comparison")

    __hash__ = Odd.__hash__


class Mine(set):
    def __sub__(self, other):
        return "mine"

    def __le__(self, other):
        return "less"


class Loud:
    def __del__(self):
        print("gone")


def differences(free, pieces):
    seen = []
    for index in range(ROUNDS):
        piece = pieces[index % len(pieces)]
        if piece <= free:
            rest = free - piece
            common = rest & piece
            seen = [len(rest), len(common), type(rest).__name__, list(rest), list(rest ^ piece), list(rest | piece)]
    return seen


def compared(sets):
    counts = [0] * 6
    for left in sets:
        for right in sets:
            counts[0] += left < right
            counts[1] += left <= right
            counts[2] += left == right
            counts[3] += left != right
            counts[4] += left > right
            counts[5] += left >= right
    return counts


def summed(values):
    total = 0
    for _ in range(ROUNDS):
        for value in values:
            total += value
    return total


def listed(values):
    for _ in range(ROUNDS):
        out = []
        for value in values:
            out.append(value)
    return out


def changed(values):
    seen = []
    try:
        for value in values:
            seen.append(value)
            if len(seen) == 100:
                values.add("one more")
    except RuntimeError as error:
        return len(seen), str(error)


def replaced(values):
    """As many as before: the interpreter goes on."""
    seen = []
    for value in values:
        seen.append(value)
        if len(seen) == 100:
            values.discard(value)
            values.add(1000)
    return len(seen), values == set(seen) - {seen[99]} | {1000}


def in_place(base):
    other = base
    for index in range(ROUNDS):
        other = set(base) if index % 3 == 0 else other
        other |= {index}
        other &= base | {index, index - 1}
        other ^= {index - 1}
        other -= {7}
    return other is base, sorted(other)


def subtract(left, right):
    result = None
    for _ in range(ROUNDS):
        result = left - right
    return result


def ordered(left, right):
    result = None
    for _ in range(ROUNDS):
        result = left <= right
    return result


def tried(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return type(error).__name__, str(error)


def drop_items():
    total = 0
    for index in range(ROUNDS):
        both = {1, 2, index}
        if index == ROUNDS - 1:
            both.add(Loud())
        rest = both - {1}
        both = None
        total += len(rest)
        rest = None
    print("dropped", total)


def drop_while_iterating():
    total = 0
    for index in range(ROUNDS):
        for value in {index, index + 1, index + 2}:
            total += value
    for value in {Loud()}:
        total += 1
    print("over", total)
    value = None
    return total


def iterators_seen(values):
    """The iterator goes on by itself after the loop has left."""
    iterator = iter(values)
    total = 0
    for value in iterator:
        total += 1
        if total == 120:
            break
    before = iterator.__length_hint__()
    return total, before, len(list(iterator)), iterator.__length_hint__()


def nested(sets):
    pairs = 0
    for _ in range(20):
        for one in sets:
            for value in one:
                if value in one:
                    pairs += value
    return pairs


def main():
    cells = frozenset(range(50))
    pieces = [frozenset({index, index + 1, index + 5, index + 6, index + 11}) for index in range(0, 48, 5)]
    print(differences(cells, pieces))
    print(differences(cells, [set(piece) for piece in pieces]))
    print(differences(set(cells), pieces))
    letters = differences(frozenset("abcdef"), [frozenset("ab"), frozenset("xy"), frozenset("f")])
    print([sorted(part) if isinstance(part, list) else part for part in letters])
    sets = [
        set(),
        {1},
        {1, 2},
        frozenset({1, 2}),
        {2, 3, "a"},
        {1.0, 2},
        {(1, 2), None},
        frozenset(range(40)),
        set(range(40)),
    ]
    for _ in range(5):
        print(compared(sets))
    odd = [{Odd(1), Odd(2), Odd(4)}, frozenset({Odd(4), Odd(1)}), {Odd(2), 1}, {1, 4}]
    print(compared(odd), Odd.asked)
    print(tried(compared, [{Failing(1)}, {Failing(1)}]))
    print(tried(subtract, {Failing(1)}, {Failing(1)}))
    print(tried(subtract, {Odd(1), Odd(2)}, {Odd(1)}), Odd.asked)
    print(summed(set(range(30))), summed(frozenset({1.5, 2, 1 << 70})), summed(set()))
    print(listed({3, "x", None, (1, 2)}) == list({3, "x", None, (1, 2)}), listed(frozenset(range(100, 0, -7))))
    print(changed(set(range(200))), replaced(set(range(200))))
    print(in_place({1, 2, 3, 7}), in_place({7}))
    for left, right in [
        ({1, 2}, {2}),
        (5, 3),
        (2.5, 1),
        (frozenset({1, 2}), {2}),
        (Mine({1}), {1}),
        ({1}, Mine({1})),
        ({1: 2}.keys(), {3}),
        ({1, 2}, {1: 2}.keys()),
        ({1}, [1]),
        ({1}, 1),
    ]:
        print(tried(subtract, left, right), tried(ordered, left, right))
    drop_items()
    print(drop_while_iterating())
    print(iterators_seen(set(range(300))))
    holes = set(range(200))
    for index in range(0, 200, 3):
        holes.discard(index)
    print(iterators_seen(holes), listed(holes) == sorted(holes), nested([holes, {1, 2}, frozenset({5})]))


for _ in range(3):
    main()
