"""Functions that change while they, or what calls them, run compiled: code, defaults, closures, globals, builtins."""

import builtins
import types


def target(x, y=1, *, k=2, m=3):
    return "target", x, y, k, m


def other(x, y=5, *, k=6, m=7):
    return "other", x, y, k, m


def positional(x):
    return target(x)


def keywords(x):
    return target(x, k=x)


def changed_defaults(n):
    out = []
    for i in range(n):
        out.append((positional(i), keywords(i)))
        if i == n // 7:
            target.__defaults__ = (10,)
        if i == n * 2 // 7:
            target.__kwdefaults__ = {"k": 20, "m": 30}
        if i == n * 3 // 7:
            target.__kwdefaults__["k"] = "in place"
        if i == n * 4 // 7:
            target.__kwdefaults__.clear()
            try:
                positional(i)
            except TypeError as error:
                out.append(str(error))
            target.__kwdefaults__.update(k=[], m={})
        if i == n * 5 // 7:
            target.__defaults__ = None
            try:
                positional(i)
            except TypeError as error:
                out.append(str(error))
            target.__defaults__ = (1, 2)
        if i == n * 6 // 7:
            target.__defaults__ = (1,)
            target.__kwdefaults__ = {"k": 2, "m": 3}
    return out


def changed_code(n):
    out, first = [], target.__code__
    for i in range(n):
        out.append((positional(i), keywords(i)))
        if i == n // 3:
            target.__code__ = other.__code__
        if i == n // 2:
            target.__code__ = first.replace(
                co_name="renamed", co_consts=tuple(c if c != "target" else "replaced" for c in first.co_consts)
            )
        if i == n * 3 // 4:
            target.__code__ = (lambda x, y, *, k, m: iter([x, y, k, m])).__code__
            out.append(list(positional(i)))
            target.__code__ = first
    return out


def changes_itself(x):
    """The frame that runs goes on with the old code."""
    global changes_itself
    if x == 3:
        changes_itself.__code__ = (lambda x: ("second", x)).__code__
    total = 0
    for i in range(600):
        total += i
    return "first", x, total


def own_code():
    first = changes_itself.__code__
    out = [changes_itself(x) for x in range(6)]
    changes_itself.__code__ = first
    return out


def signature_changes(n):
    """The same call site with code that takes other arguments, is a generator, has cells."""

    def called(a, b):
        return a, b

    kinds = [
        called.__code__,
        (lambda *args: args).__code__,
        (lambda a, b, c=9: (a, b, c)).__code__,
        (lambda a, b=1, /, **kw: (a, b, kw)).__code__,
        (lambda a, b: [lambda: a, lambda: b][1]()).__code__,
        (lambda a, b: (yield a)).__code__,
        (lambda a: a).__code__,
    ]
    out = []
    for i in range(n):
        called.__code__ = kinds[i * len(kinds) // n]
        try:
            result = called(i, -i)
            out.append(list(result) if isinstance(result, types.GeneratorType) else result)
        except TypeError as error:
            out.append(str(error))
    return out


def closures(n):
    value = 0

    def reads():
        return value

    def writes(x):
        nonlocal value
        value = x

    out, cell = [], reads.__closure__[0]
    for i in range(n):
        out.append((reads(), value))
        if i % 5 == 1:
            cell.cell_contents = i
        if i % 5 == 2:
            cell.cell_contents = float(i)
        if i % 5 == 3:
            writes(str(i))
        if i % 11 == 10:
            del cell.cell_contents
            try:
                reads()
            except NameError as error:
                out.append(str(error))
            try:
                value  # noqa: B018
            except NameError as error:
                out.append(str(error))
            cell.cell_contents = cell is reads.__closure__[0]
    return out


def reads_global():
    return LIMIT, len("abc")


LIMIT = 1


def globals_of_functions(n):
    """One code object with several dicts of globals and builtins."""
    made = [types.FunctionType(reads_global.__code__, {"LIMIT": i, "__builtins__": builtins}) for i in range(3)]
    own = {"LIMIT": "own", "__builtins__": {"len": lambda x: "own len"}}
    made.append(types.FunctionType(reads_global.__code__, own))
    out = []
    for i in range(n):
        out.append([f() for f in made])
        made[i % 3].__globals__["LIMIT"] = i
        if i == n // 4:
            own["__builtins__"]["len"] = lambda x: "changed len"
        if i == n // 3:
            made[0].__globals__["len"] = str.upper
        if i == n // 2:
            del made[0].__globals__["len"]
            made[1].__globals__.pop("LIMIT")
            try:
                made[1]()
            except NameError as error:
                out.append(str(error))
            made[1].__globals__["LIMIT"] = None
        if i == n * 2 // 3:
            own["__builtins__"].clear()
            try:
                made[3]()
            except NameError as error:
                out.append(str(error))
            own["__builtins__"]["len"] = len
    return out


def replaced_builtins(n):
    out, real, real_range = [], builtins.len, builtins.range

    def uses():
        return len([1, 2]), [i for i in range(3)], isinstance(1, int), print.__name__

    for i in range(n):
        out.append(uses())
        if i == n // 4:
            builtins.len = lambda x: -1
        if i == n // 3:
            builtins.range = lambda x: "abc"
        if i == n // 2:
            builtins.len, builtins.range = real, real_range
        if i == n * 2 // 3:
            del builtins.len
            try:
                uses()
            except NameError as error:
                out.append(str(error))
            builtins.len = real
    return out


class Globals(dict):
    def __missing__(self, name):
        return "missing " + name

    def __getitem__(self, name):
        return "item " + name if name == "found" else super().__getitem__(name)


def executed(n):
    """`exec` with mappings that have a say in names."""
    code = compile("for i in range(40): seen.append((found, i))\nother = nothing", "<executed>", "exec")
    out = []
    for i in range(n):
        space = Globals(seen=[], range=range, found=i)
        try:
            exec(code, {"__builtins__": builtins, "range": range}, space)
            out.append((space["seen"][-1], space["other"]))
        except NameError as error:
            out.append(str(error))
        out.append(eval("[found, nothing]", {"nothing": 1}, space))
    return out


for repeat in range(3):
    print(changed_defaults(210))
    print(changed_code(300))
    print(own_code())
    print(signature_changes(420))
    print(closures(240))
    print(globals_of_functions(200))
    print(replaced_builtins(240))
    print(executed(30))
