"""Dicts and sets searched by compiled code itself: keys of all kinds, equal ones that are not the same object, and those that only Python code can compare."""

import sys

ROUNDS = 60


class Said:
    """Says when it is compared; hashes as it is told."""

    def __init__(self, name, hash_, equal):
        self.name, self.hash, self.equal = name, hash_, equal

    def __hash__(self):
        return self.hash

    def __eq__(self, other):
        print("compared", self.name, other if isinstance(other, (int, str)) else type(other).__name__)
        return self.equal

    def __repr__(self):
        return self.name


class Plain:
    def __repr__(self):
        return "plain"


class Text(str):
    pass


class Number(int):
    pass


class Ended:
    count = 0

    def __del__(self):
        Ended.count += 1


def fresh(text):
    return "".join(list(text))


def get(d, keys, missing):
    found = []
    for _ in range(ROUNDS):
        found.clear()
        for key in keys:
            try:
                found.append(d[key])
            except KeyError as error:
                found.append(error.args)
            found.append(key in d)
            found.append(key not in d)
            found.append(d.get(key))
            found.append(d.get(key, missing))
    return found


def present(s, keys):
    total = 0
    for _ in range(ROUNDS):
        for key in keys:
            if key in s:
                total += 1
    return total


def absent(s, keys):
    total = 0
    for _ in range(ROUNDS):
        for key in keys:
            if key not in s:
                total += 1
    return total


def put(d, keys, value):
    for round in range(ROUNDS):
        for key in keys:
            d[key] = value(round)
    return sorted(map(repr, d.items()))


def count(words):
    counts = {}
    for word in words:
        if word in counts:
            counts[word] += 1
        else:
            counts[word] = 1
    return counts


def grid(size):
    seen = {(0, 0)}
    cells = {}
    for x in range(size):
        for y in range(size):
            if (x - 1, y) in seen or (x, y - 1) in seen:
                seen.add((x, y))
            cells[x, y] = cells.get((x - 1, y), 1) + cells.get((x, y - 1), 0)
    return len(seen), cells[size - 1, size - 1]


def main():
    plain, other = Plain(), Plain()
    names = {fresh(f"key{n}"): n for n in range(40)}
    print(get(names, [fresh("key7"), "key39", fresh("nothing"), "", "\xe9", Text("key7"), 5, None], "x"))
    names["\xe9t\xe9"] = 1
    names["\u4e2d\u6587"] = 2
    names["\U0001f40d"] = 3
    print(get(names, [fresh("\xe9t\xe9"), fresh("\u4e2d\u6587"), fresh("\U0001f40d"), "\u4e2d"], -1))
    numbers = {n: str(n) for n in range(-20, 300, 3)}
    big = 1 << 61
    numbers[big] = "large"
    print(get(numbers, [-2, -1, 0, 1, 4, 2**61 - 1, big, big - 1, 4.0, True, Number(4), 299, 1 << 70], None))
    mixed = {
        1: "one",
        "1": "text",
        None: "none",
        (1, "a"): "pair",
        (1, (2, 3)): "nested",
        plain: "plain",
        Plain: "class",
        2.5: "float",
    }
    keys = [
        True,
        1,
        "1",
        None,
        (1, fresh("a")),
        (1, "b"),
        (1,),
        (),
        (True, "a"),
        (1.0, "a"),
        (1, (2, 3)),
        plain,
        other,
        Plain,
        2.5,
        len,
    ]
    print(get(mixed, keys, 0))
    print(present(set(mixed), keys), absent(frozenset(mixed), keys), present(frozenset(range(0, 99, 2)), range(99)))
    thinned = set(range(200))
    for n in range(0, 200, 3):
        thinned.discard(n)
    print(present(thinned, range(-5, 250)), absent(thinned, range(-5, 250)))
    for n in range(0, 40, 2):
        del names[f"key{n}"]
    print(present(names, [f"key{n}" for n in range(50)]), absent(names, [f"key{n}" for n in range(50)]))

    # Comparisons that only Python code can make.
    strange = {Said("a", 5, False): 1, Said("b", hash("word"), True): 2, "other": 3}
    for key in (5, fresh("word"), "other", (5,)):
        for _ in range(3):
            print(key, strange.get(key), key in strange)
    for _ in range(3):
        print({5: 1}.get(Said("c", 5, True)), Said("d", 5, False) in {5}, Said("e", 6, True) in {5})
    for d in ({1: 1}, {"a": 1}):
        for key in ([], {}, set()):
            for action in (
                lambda d, k: d[k],
                lambda d, k: k in d,
                lambda d, k: d.get(k),
                lambda d, k: d.__setitem__(k, 1),
            ):
                try:
                    print(action(d, key))
                except TypeError as error:
                    print(error)

    # Stores.
    print(put({}, ["a", fresh("a"), 1, True, (1, 2), None, "\xe9"], lambda round: round))
    print(put(dict.fromkeys("abc"), ["a", "b", "d"], lambda round: [round]))
    print(put({}, [1, 2, 3], lambda round: Ended()).__len__(), Ended.count)
    print(put({Said("f", hash("g"), True): 0}, [fresh("g")] * 2, lambda round: round)[:1])
    attributes = Plain()
    attributes.a = 1
    print(put(vars(attributes), ["a", "b"], lambda round: round), attributes.a)
    print(count("a b a c b a".split() * 30), grid(20))
    before = sys.getrefcount(None)
    put({}, ["x", "y"], lambda round: None)
    print(abs(sys.getrefcount(None) - before) < 5)
    keeping = Plain()
    before = sys.getrefcount(keeping)
    kept = {"k": keeping}
    get(kept, ["k", "l"], None)
    put(kept, ["k"], lambda round: keeping)
    print(sys.getrefcount(keeping) - before)


main()
