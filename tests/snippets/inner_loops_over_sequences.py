"""Loops inside loops over lists and tuples: their iterators need not be made."""

import gc
import sys

ROUNDS = 400
ended = []


class Ending:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        ended.append(self.name)


def many(function, *arguments):
    for _ in range(ROUNDS):
        result = function(*arguments)
    return result


def sums(rows):
    total = 0
    for row in rows:
        for x in row:
            total += x
    return total


print(many(sums, [[1, 2, 3], [], [4], [5] * 20]), many(sums, [(1, 2, 3), (), (4,)]), many(sums, ([1], (2, 3))))
print(many(sums, [range(3), [1], {4: 5}, {6}, (7,)]))


def changing_types(rows):
    total = 0
    for row in rows:
        for x in row:
            total += x
    return total


many(changing_types, [[1, 2, 3]] * 4)
for rows in ([[1.5, 2], [2**70]], [[True, 2]], [(1, 2), [2**62, 2**62, 2**62]]):
    print(changing_types(rows))
for wrong in ([[1, 2], ["x"]], [[1, 2], 3], [[1, None]]):
    try:
        changing_types(wrong)
    except TypeError as error:
        print(error, error.__traceback__.tb_next.tb_lineno - changing_types.__code__.co_firstlineno)


def growing(n):
    found = []
    for i in range(n):
        values = [i]
        for x in values:
            if len(values) < 6:
                values.append(x + 1)
            found.append(x)
    return found


def shrinking(n):
    found = []
    for i in range(n):
        values = [1, 2, 3, 4, 5, i]
        for x in values:
            values.pop()
            found.append((x, len(values)))
    return found


def cleared(n):
    found = 0
    for i in range(n):
        values = [1, 2, 3]
        for x in values:
            values.clear()
            found += x
        values.append(9)
        for x in values:
            found += x
    return found


for function in (growing, shrinking, cleared):
    print(many(function, 3))


def left(rows, wanted):
    """Ways out: break, continue, return, else."""
    found = []
    for row in rows:
        for x in row:
            if x == wanted:
                break
            if x < 0:
                continue
            if x > 100:
                return found, "returned"
            found.append(x)
        else:
            found.append("all")
    return found


for wanted in (2, 7):
    print(many(left, [[1, 2, 3], [-1, 4], [5]], wanted), left([[1], [101, 5]], wanted))


def ends(n):
    """The loop has the last reference to the list, and that to its items."""
    ended.clear()
    for i in range(n):
        for item in [Ending((i, 0)), Ending((i, 1))]:
            ended.append(("in", item.name))
        ended.append("after")
    del item
    return ended[:]


def ends_early(n):
    ended.clear()
    for i in range(n):
        for item in [Ending((i, 0)), Ending((i, 1)), Ending((i, 2))]:
            if item.name[1] == 1:
                break
        ended.append("after")
    del item
    return ended[:]


def ends_of_tuples(n):
    ended.clear()
    for i in range(n):
        for item in (Ending((i, 0)), Ending((i, 1))):
            ended.append(("in", item.name))
        ended.append("after")
    del item
    return ended[:]


for function in (ends, ends_early, ends_of_tuples):
    print(many(function, 2))


class Looking:
    """Sees the locals of the loop while it ends."""

    def __init__(self, seen):
        self.seen = seen

    def __del__(self):
        frame = sys._getframe(1)
        self.seen.append((frame.f_code.co_name, frame.f_locals.get("i"), frame.f_locals.get("total")))


def looked_at(n):
    seen, total = [], 0
    for i in range(n):
        for x in [1, 2]:
            total += x
        for item in [Looking(seen)]:
            total += 10
        item = None
    return total, seen


print(many(looked_at, 3))


def counts(n):
    """References while it goes."""
    values = [object(), object()]
    found = []
    for _ in range(n):
        for x in values:
            found.append((sys.getrefcount(values), sys.getrefcount(x)))
    found.append((sys.getrefcount(values), sys.getrefcount(values[0])))
    return found


print(many(counts, 2))


def exceptions(rows):
    caught = 0
    for row in rows:
        try:
            for x in row:
                caught += 10 // x
        except ZeroDivisionError:
            caught += 1000
    return caught


print(many(exceptions, [[1, 2], [5]]), many(exceptions, [[1, 0, 2], [5], [0]]))


def comprehensions(rows):
    return (
        [x + 1 for row in rows for x in row],
        {x for row in rows for x in row if x & 1},
        {x: [y for y in row if y != x] for row in rows for x in row},
        [[y * 2 for y in row] for row in rows],
        [(a, b) for a in (1, 2) for b in (a, 3)],
    )


print(many(comprehensions, [[1, 2, 3], [4, 5]]))


def pairs(rows):
    total = 0
    for row in rows:
        for a, (b, c) in row:
            total += a * b - c
        for a, *rest in row:
            total += len(rest)
    return total


print(many(pairs, [[(1, (2, 3)), (4, (5, 6))], [(7, (8, 9))]]))


def collected(n):
    """Iterators are found by the collector while somebody may look for them."""
    found = []
    for _ in range(n):
        values = [1, 2]
        for x in values:
            found.append(sum(1 for o in gc.get_referrers(values) if type(o).__name__ == "list_iterator"))
    return found


for _ in range(4):
    result = collected(10)
print(result)


def traced(n):
    events = []

    def tracer(frame, event, arg):
        events.append((event, frame.f_lineno - frame.f_code.co_firstlineno))
        return tracer

    total = 0
    for i in range(n):
        for x in (1, 2, 3):
            total += x
            if i == 30 and x == 2:
                sys.settrace(tracer)
                sys._getframe().f_trace = tracer
        if i == 31:
            sys.settrace(None)
    return total, events[:12]


print(many(traced, 33))
