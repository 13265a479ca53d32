"""Exceptions that are raised and caught in optimized code, and that nobody sees."""

import sys


class Own(Exception):
    pass


class Derived(Own):
    pass


ROUNDS = 400

EVEN = {n: n for n in range(0, 50, 2)}

WORDS = ["1", "x", "22", "", " 7 ", "4_0"]


def missing_keys(n):
    total = 0
    for i in range(n):
        try:
            value = EVEN[i % 50]
        except KeyError:
            value = -1
        total += value
    return total


def missing_items(n, items, text):
    total = 0
    for i in range(n):
        try:
            total += items[i % 9]
        except IndexError:
            total -= 1
        try:
            if text[i % 7] == "b":
                total += 100
        except IndexError:
            total -= 7
    return total


def negative_items(n, items):
    found = []
    for i in range(n):
        try:
            found.append(items[i % 12 - 6])
        except IndexError:
            found.append(None)
    return found[:24], len(found)


def numbers_of_words(n):
    bad = total = 0
    for i in range(n):
        try:
            value = int(WORDS[i % len(WORDS)])
        except ValueError:
            bad += 1
            continue
        total += value
    return bad, total


def zero(n):
    total = 0
    for i in range(n):
        try:
            total += 100 // (i % 3)
        except ZeroDivisionError:
            total += 1
        try:
            total += 100 % (i % 4)
        except ArithmeticError:
            total += 2
        try:
            total += 1.5 / (i % 5)
        except (KeyError, ZeroDivisionError):
            total += 3
    return total


def raised_here(n):
    odd = other = 0
    for i in range(n):
        try:
            if i % 2:
                raise ValueError("odd", i)
            if i % 3 == 0:
                raise Own
            other += i
        except ValueError:
            odd += 1
        except Own:
            other -= 1
    return odd, other


def check(x):
    if x % 2:
        raise Derived("odd", [x])
    if x % 5 == 0:
        raise KeyError(x)
    return x


def raised_in_a_call(n):
    derived = keys = total = 0
    for i in range(n):
        try:
            total += check(i)
        except KeyError:
            keys += 1
        except Own:
            derived += 1
    return derived, keys, total


def middle(x, extra):
    held = [x, extra]
    result = check(x) + len(held)
    return result


def raised_two_calls_down(n):
    bad = total = 0
    for i in range(n):
        try:
            total += middle(i, "e")
        except (Own, LookupError):
            bad += 1
    return bad, total


def named_and_forgotten(n):
    bad = 0
    for i in range(n):
        try:
            check(i)
        except Own as error:
            bad += 1
        except KeyError as error:
            bad += error.args[0]
    try:
        error  # noqa: B018
    except NameError:
        bad += 1000
    return bad


def give(d, k):
    try:
        return d[k]
    except KeyError:
        return None


def first_number(text):
    for convert in (int, float, complex):
        try:
            return convert(text)
        except ValueError:
            pass
    return None


def returned(n):
    none = 0
    out = []
    for i in range(n):
        none += give(EVEN, i % 50) is None
        out.append(first_number(("1", "1.5", "1j", "#")[i % 4]))
    return none, out[:8]


def skip(text, at, wanted):
    try:
        while text[at] in wanted:
            at += 1
    except IndexError:
        pass
    return at


def skipped(n):
    return sum(skip("   " + "x" * (i % 2), i % 5, " ") for i in range(n)), [skip("   ", i, " ") for i in range(n)][:6]


def types_change(n):
    total = 0
    for i in range(n):
        try:
            check(i)
        except Own:
            total += 1
        except KeyError:
            total += 2
        if i == n // 2:
            total += 0.5
    return total


def rebound(n):
    """The class that a handler names becomes another one."""
    global Caught
    Caught = Own
    out = 0
    for i in range(n):
        if i == n - 5:
            Caught = IndexError
        try:
            try:
                raise Derived(i)
            except Caught:
                out += 1
        except Own:
            out += 100
    return out


def changed_class(n):
    """A class gets an `__init__` that is seen."""

    class Changing(Exception):
        pass

    globals()["Changing"] = Changing
    out = changing(n)
    Changing.__init__ = lambda self, *args: made.append(args)
    made.clear()
    return out, changing(3), made


made = []


def changing(n):
    out = 0
    for i in range(n):
        try:
            raise Changing(i)  # noqa: F821
        except Changing:  # noqa: F821
            out += 1
    return out


def counts(n):
    """References are given back."""
    held = object()
    before = sys.getrefcount(held)

    def raises(what):
        both = (what, what)
        raise Own(both)

    for _ in range(n):
        try:
            raises(held)
        except Own:
            pass
        try:
            EVEN[held]
        except KeyError:
            kept = held
            del kept
        try:
            other = held
            [held][3]
        except IndexError:
            other = None
    return sys.getrefcount(held) - before, other


def odd_numbers_of_words(n):
    words = ["12", "\u0663", "9" * 30, "\x1c5", "-0", "0x1", "- 1", "1__0", "\n+3\t", "3\0"]
    bad = total = 0
    for i in range(n):
        try:
            total += int(words[i % len(words)])
        except ValueError:
            bad += 1
    return bad, total


def nested(n):
    """What no clause is for goes on, through `finally`."""
    log = total = 0
    for i in range(n):
        try:
            try:
                try:
                    if i % 3 == 0:
                        raise Own
                    if i % 3 == 1:
                        EVEN[i % 7 * 2 + 1]
                    total += 1
                except IndexError:
                    total -= 1000
                finally:
                    log += i
                    total += 2
            except KeyError:
                total += 10
        except Own:
            log += 1
            total += 100
    return log, total


for function in (
    odd_numbers_of_words,
    nested,
    missing_keys,
    numbers_of_words,
    zero,
    raised_here,
    raised_in_a_call,
    raised_two_calls_down,
    named_and_forgotten,
    returned,
    skipped,
    types_change,
    rebound,
    changed_class,
    counts,
):
    for _ in range(4):
        print(function.__name__, function(ROUNDS))
for _ in range(4):
    print(missing_items(ROUNDS, [1, 2, 3, 4, 5], "abc"), missing_items(ROUNDS, (1, 2), "\u20acbc"))
    print(negative_items(ROUNDS, [1, 2, 3]), negative_items(ROUNDS, "abcd"))
