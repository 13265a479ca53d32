"""Small dicts that compiled code makes and ends: what is in them, in which order, how large they are, what the collector knows of them, and when their items end."""

import gc
import sys


class Noisy:
    def __init__(self, name, log):
        self.name = name
        self.log = log

    def __del__(self):
        self.log.append(self.name)


class Text(str):
    pass


class Key:
    def __init__(self, number):
        self.number = number

    def __hash__(self):
        return self.number % 4

    def __eq__(self, other):
        return isinstance(other, Key) and self.number == other.number


def about(d):
    return list(d.items()), len(d), sys.getsizeof(d), gc.is_tracked(d)


def gathers(*args, **kwargs):
    return kwargs


def passes_on(*args, **kwargs):
    return gathers(*args, **kwargs)


def adds(*args, **kwargs):
    return gathers(*args, more=1, **kwargs)


def named(a, b=2, *, c=3, **others):
    return a, b, c, others


def displays(n):
    x = [n] if n % 3 else n
    key = "one" if n % 2 else "two"
    yield about({})
    yield about({"a": n})
    yield about({"a": n, "b": x})
    yield about({"a": n, "b": 1, "c": 2, "d": 3, "e": x})
    yield about({"a": n, "b": 1, "c": 2, "d": 3, "e": 4, "f": x})
    yield about({key: 1, "one": 2, "two": x})
    yield about({key + "s": 1, "ones": n})
    yield about({Text("t"): 1, "t": 2})
    yield about({n: 1, "n": 2})
    yield about({"t": (1, n), "u": (x,)})
    yield about({"class": int, "none": None, "true": True})


def arguments(n):
    x = {"a": n} if n % 2 else {}
    yield about(gathers(a=n))
    yield about(gathers(n, b=[n], a=2))
    yield about(gathers(**x))
    yield about(passes_on(n, **x))
    yield about(passes_on(p=n, q=[n], r=3, s=4, t=5))
    yield about(passes_on(p=n, q=[n], r=3, s=4, t=5, u=6))
    yield about(adds(n, **x))
    yield named(1, z=n, c=4)[3], named(1, **x, y=n) if not x else None
    copied = gathers(**x)
    copied["changed"] = n
    yield x, copied, copied is x
    merged = passes_on(**copied, **{"other": 1})
    del merged["other"]
    merged["again"] = 2
    yield about(merged)


def errors(n):
    found = []
    for call in (
        lambda: gathers(**{"a": 1}, **{"a": n}),
        lambda: adds(more=n),
        lambda: gathers(**{1: n}),
        lambda: passes_on(**5),
        lambda: named(b=n),
    ):
        try:
            found.append(call())
        except TypeError as error:
            found.append(str(error))
    yield found


def changed(n):
    """What is done to a dict after it was made at once."""
    d = {"a": n, "b": 2, "c": 3}
    del d["b"]
    yield about(d)
    d["d"], d["e"], d["f"], d["b"] = 4, 5, 6, 7
    yield about(d)
    yield d.popitem(), "b" in d, "f" in d, d.get("a"), d.setdefault("g", n)
    d.clear()
    yield about(d)
    e = {"z": 1, "y": 2}
    e[n] = 3
    yield about(e)
    yield about(passes_on(**{k: v for k, v in {"m": 1, "n": 2, "o": 3}.items() if k != "n"}))
    f = {"q": 1}
    g = f.copy()
    f |= {"r": n}
    yield f, g, f == {"r": n, "q": 1}


def emptied(n):
    """What is copied from a dict that has lost all of its items is as small as ever."""
    d = {"a": n, "b": 2}
    d.popitem(), d.popitem()
    yield about(d), about({**d}), about(gathers(**d)), about(passes_on(**d)), about({**d, "c": n}), about({**d, **d})


def ends(n):
    log = []
    d = {"first": Noisy("first", log), "second": [Noisy("second", log)], "third": {"deep": Noisy("third", log)}}
    if n % 3 == 0:
        del d["first"]
    log.append("before")
    del d
    log.append("after")
    many = {Key(i): Noisy(i, log) for i in range(n % 7)}
    kept = many.get(Key(2))
    del many
    log.append(kept is not None)
    del kept
    large = {i: Noisy(i, log) for i in range(20)} if n % 10 == 0 else {}
    large.clear()
    yield log


class Looks:
    """A finalizer that looks at, and makes, dicts while one ends."""

    def __init__(self, log, others):
        self.log = log
        self.others = others

    def __del__(self):
        made = {"a": 1, "b": self.others}
        self.log.append((len(made), gathers(x=1, **made).keys() & {"x", "b"} == {"x", "b"}))


def ends_and_makes(n):
    log = []
    d = {"one": Looks(log, n), "two": Looks(log, [n]), "three": Looks(log, {"n": n})}
    del d
    passes_on(a=Looks(log, n))
    yield log


def cycles(n):
    d = {"self": None, "other": [n]}
    d["self"] = d
    log = []
    d["noisy"] = Noisy("cycle", log)
    del d
    if n % 60 == 0:
        gc.collect()
        yield log
    yield gc.is_tracked({"a": 1}), gc.is_tracked({"a": []})


def globals_and_instances(n):
    class Local:
        def __init__(self, **kwargs):
            self.__dict__.update(kwargs)
            self.kwargs = kwargs

    made = Local(a=n, b=2)
    made.__dict__["c"] = 3
    yield sorted(vars(made)), made.a, made.c
    space = {"a": n, "b": 5}
    exec("c = a + b", space)  # noqa: S102
    yield space["c"], eval("a * b", space)  # noqa: S307


def main():
    for test in displays, arguments, errors, changed, emptied, ends, ends_and_makes, cycles, globals_and_instances:
        for number in range(130):
            results = list(test(number))
            if number % 40 < 8 or number > 120:
                print(test.__name__, number, results)
    kept = [{"a": i, "b": [i]} for i in range(500)]
    print(sum(d["a"] + d["b"][0] for d in kept), len({id(d) for d in kept}))
    del kept
    kept = [gathers(a=i, **({} if i % 2 else {"c": i})) for i in range(500)]
    print(sum(len(d) for d in kept))


main()
