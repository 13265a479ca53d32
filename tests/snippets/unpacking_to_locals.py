"""Unpacking straight into local variables: what a finalizer of an old value sees, who holds the items, errors."""

import gc
import sys

seen = []


class Old:
    """Looks at the frame that lets go of it."""

    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        local = {k: v if isinstance(v, int) else type(v).__name__ for k, v in frame.f_locals.items() if len(k) == 1}
        position = list(frame.f_code.co_positions())[frame.f_lasti // 2]
        seen.append((self.name, frame.f_lineno - frame.f_code.co_firstlineno, position[2:], local))


def looking(values):
    a, b, c, d = Old("a"), 0, Old("c"), Old("d")
    (
        a,
        b,
        c,
        d,
    ) = values
    return a, b, c, d


def looking_at_two(values):
    a, b = Old("a"), Old("b")
    a, b = values
    return b, a


def emptied(values):
    """An old value's end changes the list that is being unpacked."""

    class Emptier:
        def __del__(self):
            values.clear()

    a = b = c = None
    b = Emptier()
    a, b, c = values
    return a, b, c, values


def itself():
    """The sequence is in a variable that is assigned."""
    a = (object(), object(), object())
    a, b, c = a
    d = [object(), object(), object()]
    b, d, c = d
    return [type(x).__name__ for x in (a, b, c, d)]


def shared():
    """The same old value in all variables goes with the last."""
    a = b = c = Old("shared")
    a, b, c = 1, 2, [3]
    a, b, c = c + [4, 5]
    return a, b, c


def then_loaded(values):
    a, b, c = values
    return (a, b, c, a)


def repeated(values):
    a, b, a = values
    return a, b


def many(values):
    a, b, c, d, e, f, g, h, i, j, k, z = values
    a, b, c, d, e, f, g, h, i, j, k, z, m = *values, 1
    return a + b, c + d, e + f, g + h, i + j, k + z, m


def late(values):
    a = b = c = d = e = f = g = h = i = j = k = z = m = n = o = p = 0
    q, r, s = values
    p, q, r = values
    return a, p, q, r, s


def in_loop(pairs):
    total = 0
    for x, (y, z) in pairs:
        total += x * y - z
    return total


def generator(rows):
    for row in rows:
        a, b, c = row
        yield c, b, a


def caught(values):
    a = b = c = "before"
    try:
        a, b, c = values
    except (TypeError, ValueError, RuntimeError) as error:
        return (
            a,
            b,
            c,
            f"{type(error).__name__}: {error}",
            error.__traceback__.tb_lineno - caught.__code__.co_firstlineno,
        )
    return a, b, c


def broken():
    yield 1
    raise RuntimeError("in the middle")


def references():
    one, two, three = object(), object(), object()
    values = [one, two, three]
    before = [sys.getrefcount(x) for x in (one, two, three, values)]
    a, b, c = values
    a, b, c = values
    a, b, c = (one, two, three)
    during = [sys.getrefcount(x) for x in (one, two, three, values)]
    a, b, c = "xyz"
    return before, during, [sys.getrefcount(x) for x in (one, two, three, values)]


class Sub(tuple):
    def __iter__(self):
        return iter("sub")


for i in range(60):
    print(looking((1, 2, 3, 4)), looking([4, 3, 2, 1]), looking(iter("abcd")), looking_at_two((1, 2)), seen)
    seen.clear()
    print(emptied([1, 2, 3]), itself(), shared(), then_loaded((i, 2, 3)), then_loaded([i, 2, 3]), repeated([1, 2, i]))
    print(many(range(12)), many(list(range(i, i + 12))), late((1, 2, i)), in_loop([(1, (2, 3)), [i, [5, 6]]] * 3))
    print(
        list(generator([(1, 2, 3), [4, 5, i]])), caught((1, 2, 3)), caught(Sub((1, 2, 3))), caught({1: 2, 3: 4, 5: 6})
    )
    print([caught(values) for values in ((1, 2), [1, 2, 3, 4], 5, None, broken(), "ab", iter("abcd"))])
    print(references(), seen)
    seen.clear()
    gc.collect()
