"""What ends with an object is remembered by its class: classes that change, exceptions with fields and weak references, strings of all kinds, handlers of many places."""

import gc
import sys
import weakref


class Plain(Exception):
    pass


class Derived(Plain):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.extra = [len(arguments)]


def raised(cls, *arguments):
    try:
        raise cls(*arguments)
    except cls as error:
        return error.args


for cls in (Plain, Derived, KeyError, ValueError, StopIteration, AttributeError, OSError, ImportError):
    print(cls.__name__, [raised(cls, n, str(n) * 3) for n in range(60)][-1])

# A finalizer that comes later is run, for the class and for those derived from it; and when it is gone again it is not.
log = []
Plain.__del__ = lambda self: log.append((type(self).__name__, self.args))
for n in range(3):
    raised(Plain, n)
    raised(Derived, n)
print(log)
del Plain.__del__
raised(Plain, 9)
print(len(log))


class Told(Exception):
    pass


def watched(n):
    gone = []
    try:
        raise Told(n)
    except Told as error:
        seen = weakref.ref(error, lambda _: gone.append(n))
        alive = seen() is error
    return alive, seen() is None, gone


print([watched(n) for n in range(80)][-1])


# Causes and contexts end with what has them, the last first.
class Noted(Exception):
    def __del__(self):
        log.append(self.args[0])


def chain(n):
    try:
        try:
            raise Noted(f"first {n}")
        except Noted as error:
            raise Noted(f"second {n}") from error
    except Noted as error:
        return str(error.__cause__), error.__cause__ is error.__context__


del log[:]
print([chain(n) for n in range(70)][-1], log[-2:], len(log))


def missing(owner, name):
    try:
        return getattr(owner, name)
    except AttributeError as error:
        return error.name, error.obj is owner, str(error)


print([missing(owner, "nothing") for owner in [3, "text", [], Plain] * 20][-4:])


# Strings: plain, with other characters, kept by a dict, in a container that ends with them, interned, and of a class of their own.
class Text(str):
    __slots__ = ("__weakref__",)


def texts(n):
    plain, wide, own = f"plain {n}", f"wïde {n} €", Text(f"own {n}")
    wide.encode()
    kept = sys.intern(f"kept {n}")
    holder = [f"{n}{n}", (f"in a tuple {n}",), {f"key {n}": f"value {n}"}]
    table = {plain: wide, own: kept}
    alive = weakref.ref(own)
    del own, holder
    found = [table[f"plain {n}"], table[f"own {n}"], alive() is not None]
    table.clear()
    return found, alive() is None, kept is sys.intern(f"kept {n}")


for n in range(300):
    shown = texts(n)
print(shown)


# Handlers in many places of one function, by turns.
def places(n):
    result = []
    for k in range(9):
        try:
            if (n + k) % 9 == 0:
                result.append([][k])
            elif (n + k) % 9 == 1:
                result.append({}[k])
            else:
                try:
                    if (n + k) % 3 == 0:
                        result.append(k // 0)
                    elif (n + k) % 3 == 1:
                        result.append(int("x"))
                    else:
                        result.append(None.nothing)
                except ZeroDivisionError:
                    result.append("division")
                except ValueError:
                    result.append("value")
                finally:
                    result.append(n)
        except IndexError:
            result.append("index")
        except KeyError as error:
            result.append(error.args)
        except AttributeError:
            result.append("attribute")
    return result


for n in range(200):
    shown = places(n)
print(shown)
gc.collect()
print(len(log))
