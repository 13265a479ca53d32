"""Loops over instances with a Python `__next__` in hot code: how they end, what is raised, and what is seen meanwhile."""

import sys
import traceback

ROUNDS = 400


def lines_of(error):
    return [(frame.name, frame.lineno, frame.colno) for frame in traceback.extract_tb(error.__traceback__)]


class Count:
    def __init__(self, n):
        self.i = 0
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.i >= self.n:
            raise StopIteration
        self.i += 1
        return self.i


class Instance(Count):
    def __next__(self):
        if self.i >= self.n:
            raise StopIteration("all", self.i)
        self.i += 1
        return self.i


class Around:
    """An iterator around another one, whose `StopIteration` passes through."""

    def __init__(self, inner):
        self.inner = iter(inner)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.inner) * 2


class Linked:
    def __init__(self, value, rest):
        self.value, self.rest = value, rest

    def __iter__(self):
        return Walk(self)


class Walk:
    def __init__(self, node):
        self.node = node

    def __next__(self):
        node = self.node
        if node is None:
            raise StopIteration
        self.node = node.rest
        return node.value


def once(cls):
    total = 0
    for x in cls(ROUNDS):
        total += x
    return total


def nested():
    total, chain = 0, None
    for i in range(5):
        chain = Linked(i, chain)
    for i in range(ROUNDS):
        for x in Count(i % 4):
            total += x
        for y in Instance(3):
            for z in Count(y):
                total += z
                if z == 2:
                    continue
                if total % 7 == 0:
                    break
            else:
                total += 1000
        for value in chain:
            total += value
        for value in Around([1, 2, i]):
            total += value
        for y in Count(0):
            total += 10**6
    return total


class Fails(Count):
    def __next__(self):
        if self.i == 390:
            raise KeyError(self.i)
        if self.i == 391:
            return 1 // 0
        self.i += 1
        return self.i


class Caught(Count):
    def __next__(self):
        try:
            if self.i >= self.n:
                raise StopIteration
        except StopIteration:
            self.i += 1
            if self.i > self.n + 3:
                raise
        self.i += 1
        return self.i


def failures():
    found = []
    for cls in (Fails, Caught):
        for start in (0, 391):
            it = cls(ROUNDS)
            it.i = start
            try:
                for x in it:
                    pass
                found.append(x)
            except (KeyError, ZeroDivisionError) as error:
                found.append((repr(error), lines_of(error), x if start == 0 else None))
    return found


def changing():
    class Mine(Count):
        pass

    found = []
    for x in Mine(ROUNDS):
        if x == 300:
            Mine.__next__ = lambda self: Count.__next__(self) + 50
        if x == 351:
            Mine.__iter__ = None
        if x == 390:
            del Mine.__next__
        found.append(x)
    return len(found), found[-3:]


class Looks(Count):
    def __next__(self):
        if self.i % 100 == 99 or self.i == self.n:
            frame = sys._getframe()
            caller = frame.f_back
            seen.add((frame.f_code.co_name, caller.f_code.co_name, sorted(caller.f_locals)[0], caller.f_lasti))
        return super().__next__()


seen = set()


def frames():
    return once(Looks), sorted(seen)


class Ends:
    def __init__(self, log, n):
        self.log, self.n = log, n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n % 10 == 0:
            raise StopIteration
        self.n += 1
        here = Ends(self.log, -self.n)
        return here

    def __del__(self):
        frame = sys._getframe(1)
        self.log.append((self.n, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))


def finalizers():
    log = []
    for i in range(ROUNDS // 4):
        for each in Ends(log, i):
            pass
    del each
    return len(log), log[:4], log[-8:]


def raised_in_a_handler():
    total = 0
    for i in range(ROUNDS):
        try:
            raise ValueError(i)
        except ValueError as error:
            for x in Count(2):
                total += x
            total += sys.exception() is error
    return total, sys.exception()


def references():
    it, item = Around([]), object()
    before = sys.getrefcount(it), sys.getrefcount(StopIteration)
    for i in range(ROUNDS):
        for x in it:
            pass
    return sys.getrefcount(it) - before[0], sys.getrefcount(StopIteration) - before[1]


def comprehensions():
    return sum([x for i in range(ROUNDS) for x in Count(i % 5)]), sum(x for i in range(ROUNDS) for x in Count(i % 5))


class Odd:
    """Its `__iter__` gives all kinds of things."""

    def __init__(self, n):
        self.n = n

    def __iter__(self):
        if self.n < 300:
            return Count(2)
        if self.n == 301:
            return [1, 2]
        if self.n == 302:
            return (x for x in (3, 4))
        if self.n == 303:
            raise KeyError(self.n)
        return iter((self.n,))


def all_kinds():
    found, total = [], 0
    for i in range(ROUNDS):
        try:
            for x in Odd(i):
                total += x
        except (TypeError, KeyError) as error:
            found.append((str(error), lines_of(error)))
    return total, found


class Generates:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        for i in range(self.n):
            yield i


def generated():
    return sum([x for i in range(ROUNDS) for x in Generates(i % 4)])


for _ in range(3):
    print(all_kinds(), generated())
    print([once(cls) for cls in (Count, Instance)], once(Count), once(lambda n: Around(range(n))))
    for test in (nested, failures, changing, frames, finalizers, raised_in_a_handler, references, comprehensions):
        try:
            print(test.__name__, test())
        except Exception as error:
            print(test.__name__, repr(error), lines_of(error))
