"""Loops over dicts, their items and values, whose entries compiled code reads from the table."""

import gc
import sys

ROUNDS = 300


def many(function, *arguments):
    for _ in range(ROUNDS):
        result = function(*arguments)
    return result


def sums(d):
    a = b = c = 0
    for k in d:
        a += len(k) if isinstance(k, str) else k
    for v in d.values():
        b += v
    for k, v in d.items():
        c += v
    for k in d.keys():
        a += d[k]
    return a, b, c


class Plain:
    pass


plain = Plain()
plain.x, plain.y = 1, 2
D = {i: i * 2 for i in range(20)}
S = {str(i): i for i in range(20)}
print(many(sums, D), many(sums, S), many(sums, {}), many(sums, vars(plain)), many(sums, {1: 2, "b": 3, 4: 5}))
holes = dict(D)
for k in (0, 3, 4, 19):
    del holes[k]
print(many(sums, holes), many(sums, {**S, 5: 7}))


def kept(d):
    pairs = []
    for pair in d.items():
        pairs.append(pair)
    return pairs[:2], pairs[-1], len(set(map(id, pairs))) == len(pairs)


print(many(kept, S), many(kept, D))


def changing_values(d):
    d = dict(d)
    for k, v in d.items():
        d[k] = [v]
    for k, v in d.items():
        d[k] = v[0] + 1
    for k in d:
        d[k] += 1
    return list(d.values())[:3]


print(many(changing_values, S), many(changing_values, D))


def growing(d, way):
    d = dict(d)
    seen = 0
    try:
        if way == 0:
            for k, v in d.items():
                seen += 1
                if seen == 4:
                    d["new"] = 1
        elif way == 1:
            for k in d:
                seen += 1
                if seen == 4:
                    del d[k]
        elif way == 2:
            for v in d.values():
                seen += 1
                if seen == 4:
                    d.clear()
        else:
            for k, v in d.items():
                seen += 1
                if seen == 4:
                    del d[k]
                    d["other"] = 1
    except RuntimeError as error:
        return seen, str(error), error.__traceback__.tb_lineno - growing.__code__.co_firstlineno
    return seen


for way in range(4):
    print(many(growing, S, way), many(growing, D, way))


def replaced_keys(n):
    """As many as before, but others: the table grows on while it is gone through."""
    d = {i: i for i in range(n)}
    seen = []
    try:
        for k in d:
            del d[k]
            d[k + 100] = 1
            seen.append(k)
            if len(seen) > 50:
                break
    except RuntimeError as error:
        return len(seen), str(error)
    return len(seen)


print(many(replaced_keys, 5))


def exhausted(d):
    found = []
    items = iter(d.items())
    for k, v in items:
        found.append(v)
        if v == 3:
            found.append(next(items))
    for k, v in items:
        found.append("again")
    d["more"] = 1
    found.append(next(items, "end"))
    del d["more"]
    keys = iter(d)
    for k in keys:
        if k == "5":
            break
    found.append(len(list(keys)))
    return found


print(many(exhausted, S))


class Item:
    def __init__(self, name, log):
        self.name, self.log = name, log

    def __del__(self):
        self.log.append(("end", self.name))


def ending(n):
    log = []
    d = {i: Item(i, log) for i in range(n)}
    for k, v in d.items():
        log.append(v.name)
        d[k] = None
        del v
        log.append("next")
    log.append("done")
    return log


print(many(ending, 3))


def untracked(d):
    total = 0
    for k, v in d.items():
        total += v
        if v % 10 == 3:
            gc.collect(0)
    return total


print([untracked(S) for _ in range(30)][-1])


def references(d):
    return [(sys.getrefcount(k), sys.getrefcount(v)) for k, v in d.items()]


print(many(references, {object: object(), type: object()})[0][1])


def inner(rows):
    total = 0
    for row in rows:
        for k, v in row.items():
            total += v * len(k)
        for k in row:
            total += row[k]
        for v in row.values():
            total -= v
    return total


print(many(inner, [{"a": 1, "bb": 2}, {}, {"c": 3}]), many(inner, [{"a": 1.5}, {"b": 2**70}]))
print(inner([{"a": 1}, vars(plain)]))


def comprehensions(d):
    return (
        {v: k for k, v in d.items()},
        [k for k in d if d[k] & 1],
        sum(v for v in d.values()),
        sorted(k for k, v in d.items() if v > 16),
        any(v > 100 for k, v in d.items()),
    )


print(many(comprehensions, S), many(comprehensions, {1: 2, 3: 4}))


def failing(d):
    total = 0
    try:
        for k, v in d.items():
            total += 10 // v
    except ZeroDivisionError as error:
        return total, error.__traceback__.tb_lineno - failing.__code__.co_firstlineno
    return total


print(many(failing, {"a": 1, "b": 2}), many(failing, {"a": 1, "b": 0, "c": 1}))


class Other(dict):
    def items(self):
        return [("other", 1)]

    def __iter__(self):
        return iter(["key"])


print(many(inner, [{"a": 1}]), inner([{"b": 2}, {"key": 1}]))
for wrong in (Other(key=5), 3):
    try:
        print(inner([{"a": 1}, wrong]))
    except AttributeError as error:
        print(error)
