"""Raising and handling in every form, with tracebacks, context, and finally."""

import sys
import traceback


def lines(error):
    """The traceback as functions and line numbers with positions."""
    return [
        (entry.name, entry.lineno, entry.end_lineno, entry.colno, entry.end_colno)
        for entry in traceback.extract_tb(error.__traceback__)
    ]


def deep(n):
    if n == 0:
        return [1][5]
    return deep(n - 1)


def chained(i):
    try:
        try:
            deep(i % 4)
        except IndexError as error:
            raise KeyError(i) from error
    except KeyError as error:
        return lines(error), lines(error.__cause__), error.__context__ is error.__cause__


def implicit(i):
    try:
        try:
            1 / 0  # noqa: B018
        finally:
            {}[i]
    except KeyError as error:
        return type(error.__context__).__name__, lines(error.__context__), error.args


def finals(i):
    out = []

    def inner():
        for k in range(5):
            try:
                if k == i % 7:
                    return "returned", k
                if k == 3 and i % 2:
                    break
                if k == 1:
                    continue
                out.append(k)
            finally:
                out.append(f"finally {k}")
        else:
            return "else"
        return "broke"

    return inner(), out


def swallowed(i):
    try:
        return i // 0
    except ZeroDivisionError:
        pass
    else:
        return "no"
    finally:
        i += 100
    return i


class Manager:
    def __init__(self, out, swallow):
        self.out, self.swallow = out, swallow

    def __enter__(self):
        self.out.append("enter")
        return self

    def __exit__(self, kind, value, tb):
        self.out.append((kind and kind.__name__, str(value), tb is not None))
        return self.swallow


def managers(i):
    out = []
    try:
        with Manager(out, i % 2 == 0) as one, Manager(out, i % 3 == 0):
            assert one.out is out
            if i % 5:
                raise ValueError(i)
            if i % 10 == 0:
                return out, "early"
        out.append("after")
    except ValueError as error:
        out.append(lines(error))
    return out


def groups(i):
    out = []
    try:
        raise ExceptionGroup("g", [ValueError(i), TypeError(i), ExceptionGroup("h", [KeyError(i), ValueError(2)])])
    except* ValueError as group:
        out.append([str(e) for e in group.exceptions])
    except* (KeyError, TypeError) as group:
        out.append([type(e).__name__ for e in group.exceptions])
    return out


def reraised(i):
    try:
        try:
            int("x" * (i % 3) + "y")
        except ValueError:
            sys.exc_info()
            raise
    except ValueError as error:
        return str(error), lines(error), sys.exc_info()[1] is error


def state():
    return sys.exc_info()[0]


def exception_state(i):
    before = state()
    try:
        raise OSError(i)
    except OSError:
        inside = state()
        try:
            raise RuntimeError
        except RuntimeError:
            nested = state()
        again = state()
    return before, inside, nested, again, state()


def unbound(i):
    try:
        if i < 0:
            value = 1
        return value
    except UnboundLocalError as error:
        return str(error), lines(error)


def names(i):
    out = []
    for act in (lambda: undefined_name, lambda: i.nothing, lambda: [][i], lambda: {}["k"], lambda: int([])):  # noqa: F821
        try:
            act()
        except Exception as error:
            out.append((type(error).__name__, str(error), lines(error)[1:]))
    try:
        a, b = range(i % 5)
        out.append((a, b))
    except ValueError as error:
        out.append((str(error), lines(error)))
    try:
        assert i < 0, f"message {i}"
    except AssertionError as error:
        out.append((str(error), lines(error)))
    try:
        raise i
    except TypeError as error:
        out.append(str(error))
    try:
        raise ValueError from i
    except TypeError as error:
        out.append(str(error))
    return out


def deleted_name(i):
    try:
        raise ValueError(i)
    except ValueError as error:
        kept = str(error)
    try:
        error  # noqa: B018, F821
    except UnboundLocalError as missing:
        return kept, str(missing)


def recursion(n):
    return recursion(n + 1) + 1


for i in range(80):
    for function in (
        chained, implicit, finals, swallowed, managers, groups, reraised, exception_state, unbound, names, deleted_name,
    ):  # fmt: skip
        print(function.__name__, function(i))

try:
    recursion(0)
except RecursionError as error:
    print(str(error), len(lines(error)), sys.getrecursionlimit())


def fails_at_last(n):
    for i in range(n):
        if i == n - 1:
            raise LookupError("at the end")
    return n


fails_at_last(1000)
