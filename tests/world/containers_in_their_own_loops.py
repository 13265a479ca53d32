"""Containers that change while compiled code goes through them, sorts them, compares them or unpacks them."""

import collections


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return (
            type(error).__name__,
            str(error),
            error.__traceback__.tb_next.tb_lineno - function.__code__.co_firstlineno,
        )


def dict_grows(n):
    table = dict.fromkeys(range(n))
    for key in table:
        if key == n - 3:
            table["new"] = 1
    return table


def dict_shrinks(n):
    table = dict.fromkeys(range(n))
    for key in table:
        if key == n // 2:
            del table[0]


def dict_same_size(n):
    """A key goes and another comes."""
    table, seen = dict.fromkeys(range(n)), []
    for key in table:
        seen.append(key)
        if key == n // 2:
            del table[0]
            table["other"] = 1
    return seen, len(table)


def dict_values_change(n):
    table = dict.fromkeys(range(n), 0)
    for key, value in table.items():
        table[key] = value + key
    for value in table.values():
        table[n - 1] = value
    return table[n - 1]


def dict_cleared(n):
    table = dict.fromkeys(range(n))
    for _ in table.items():
        table.clear()


def dict_from_a_callee(n):
    def change(key):
        if key == n - 2:
            table.update(a=1)

    table = dict.fromkeys(range(n))
    for key in table.keys():
        change(key)


def set_changes(n):
    things = set(range(n))
    for thing in things:
        if thing == n // 2:
            things.add("new")


def list_grows(n):
    items, seen = [1], 0
    for item in items:
        seen += item
        if len(items) < n:
            items.append(item + 1)
            items.append(item)
    return seen, len(items)


def list_shrinks(n):
    items, seen = list(range(n)), []
    for item in items:
        seen.append(item)
        items.pop()
        if item % 7 == 3:
            del items[0]
    return seen


def list_cleared_and_filled(n):
    items, seen = list(range(n)), []
    for item in items:
        seen.append(item)
        if item == n // 2:
            items.clear()
            items.extend("x" * (n // 2 + 3))
    return seen[-4:]


def list_by_index(n):
    items, total = list(range(n)), 0
    for i in range(len(items)):
        total += items[i]
        if i > n // 2:
            items.pop()
    return total


def list_stores(n):
    items = [0] * n
    for i in range(n * 2):
        items[i] = i
        if i == n // 2:
            del items[n // 2 :]
    return items


def list_slices(n):
    items = list(range(n))
    for i in items:
        items[i : i + 1] = [i, i] if len(items) < 2 * n else []
        if len(items) > 3 * n or i > n * 2:
            break
    return len(items)


def sorted_under_way(n):
    def key(x):
        if x == n // 2:
            items.append(1)
        return -x

    items = list(range(n))
    items.sort(key=key)


class Changes:
    def __init__(self, items):
        self.items = items

    def __eq__(self, other):
        self.items.clear()
        return False

    def __lt__(self, other):
        self.items.clear()
        return True

    __hash__ = None


def compared(n):
    items = [0] * n
    items += [Changes(items), 3]
    return 7 in items, items, [1, Changes(items)] < [1, 2], attempt(lambda: items.index(9))[:2], items == [0] * n


def unpacked(n):
    items = list(range(3))

    class Clears:
        def __del__(self):
            items.clear()

    out = []
    for _ in range(n):
        items[:] = [1, 2, 3]
        a = Clears()
        a, b, c = items
        out.append((a, b, c, items[:]))
    return out[-1], len(out)


def deque_changes(n):
    queue = collections.deque(range(n))
    for item in queue:
        if item == n // 2:
            queue.append(1)


def exported(n):
    data = bytearray(n)
    for i in range(n):
        data[i] = i & 255
        if i == n - 2:
            view = memoryview(data)
            data.append(1)
    return view


def generator_of_a_changing_list(n):
    items = list(range(n))
    made = (item for item in items)
    out = []
    for item in made:
        out.append(item)
        if item == n // 2:
            del items[:]
    items.extend(range(3))
    return out[-1], list(made)


def enumerated(n):
    items, out = list("ab"), []
    for i, item in enumerate(items):
        if i < n:
            items.append(item * 2 if len(item) < 4 else "c")
        out.append(item)
    for one, other in zip(items, items):
        if len(items) > 5:
            items.pop()
            items.pop()
        out.append(one + other)
    return len(out), out[-3:]


def reversed_list(n):
    items, out = list(range(n)), []
    for item in reversed(items):
        out.append(item)
        items.pop()
        if items:
            items.pop()
    return out[:5], len(out)


for n in [20] * 80 + [700, 1300]:
    seen = [(f.__name__, attempt(f, n)) for f in (
        dict_grows, dict_shrinks, dict_same_size, dict_values_change, dict_cleared, dict_from_a_callee, set_changes,
        list_grows, list_shrinks, list_cleared_and_filled, list_by_index, list_stores, list_slices, sorted_under_way,
        compared, unpacked, deque_changes, exported, generator_of_a_changing_list, enumerated, reversed_list,
    )]  # fmt: skip
    if n > 20:
        print(seen)
