"""Numbers that loops hand on, and that the program then asks which object they are: sentinels, the largest item, what is unchanged."""

INF = float("inf")
BIG = 10**12


def nothing_better(items):
    best = INF
    for x in items:
        if x < best and x < 0:
            best = x
    return best is INF


def nothing_computed_is_better(items):
    best = INF
    for x in items:
        y = x * 2.0
        if y < best and y < 0:
            best = y
    return best is INF, best


def nothing_large(items):
    best = BIG
    for x in items:
        y = x + 1000
        if y < best and y < 0:
            best = y
    return best is BIG, best


def largest(items):
    best = items[0]
    for x in items:
        if x > best:
            best = x
    return [index for index, x in enumerate(items) if x is best]


def largest_by_call(items):
    best = items[0]
    for x in items:
        best = max(best, x)
    return any(best is x for x in items)


def nearest(rows, to):
    found, distance = None, INF
    for row in rows:
        for x in row:
            d = abs(x - to)
            if d < distance:
                found, distance = x, d
    return found, distance, any(found is x for row in rows for x in row), distance is INF


def two_sentinels(items, low, high):
    least, most = high, low
    for x in items:
        y = x / 3
        if y < least:
            least = y
        if y > most:
            most = y
    return least is high, most is low


def first_and_last(items):
    first = last = None
    for x in items:
        if first is None:
            first = x
        last = x
    return first is items[0], last is items[-1]


def exchanged(items):
    a, b = items[0], items[1]
    for x in items:
        if x > a:
            a, b = b, x
    return [a is x for x in items].count(True), [b is x for x in items].count(True)


def to_the_end(items):
    """The object that is chosen is used as an object in the loop, too."""
    best, seen = INF, []
    for x in items:
        y = x * 0.5
        if y < best:
            best = y
            seen.append(best)
    return best is seen[-1], len(seen)


REAL = [n / 7 for n in range(60)]
LARGE = [n * 10**9 for n in range(60)]
for items in (REAL, LARGE, REAL[::-1], LARGE[::-1]):
    for function in (
        nothing_better,
        nothing_computed_is_better,
        nothing_large,
        largest,
        largest_by_call,
        first_and_last,
        exchanged,
        to_the_end,
    ):
        results = [function(items) for _ in range(60)]
        print(function.__name__, results[-1], results.count(results[-1]))
    for arguments in (([items, items[::2]], items[30]), ([[], []], 1.0), ([items[1:2]] * 3, items[1])):
        results = [nearest(*arguments) for _ in range(40)]
        print(results[-1], results.count(results[-1]))
    results = [two_sentinels(items, -INF, INF) for _ in range(40)]
    print(results[-1], results.count(results[-1]))
    results = [two_sentinels(items, INF, -INF) for _ in range(40)]
    print(results[-1], results.count(results[-1]))
