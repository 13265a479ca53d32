"""`with` in hot code: managers with Python methods, what they return and raise, what is raised inside, and ways out of the block."""

import contextlib
import sys
import threading
import traceback

ROUNDS = 400


def lines_of(error):
    return [(frame.name, frame.lineno, frame.colno) for frame in traceback.extract_tb(error.__traceback__)]


class Manager:
    def __init__(self):
        self.entered = 0
        self.left = []

    def __enter__(self):
        self.entered += 1
        return self.entered

    def __exit__(self, kind, error, tb):
        if kind is not None:
            self.left.append((kind.__name__, str(error), tb.tb_lineno - tb.tb_frame.f_code.co_firstlineno))
            return kind is ValueError
        return 17


class Loose:
    """Its methods take what comes."""

    def __enter__(self, extra=5):
        return extra

    def __exit__(self, *args, **named):
        self.args = args, named


def plain():
    manager, loose, total = Manager(), Loose(), 0
    for i in range(ROUNDS):
        with manager as number:
            total += number
        with loose as five, manager:
            total += five
    return total, manager.entered, manager.left, loose.args


def with_errors():
    manager, found = Manager(), []
    for i in range(ROUNDS):
        try:
            with manager as number:
                if i % 90 == 80:
                    raise ValueError(i)
                if i % 90 == 85:
                    raise KeyError(i)
                found.append(1 // (i - 300))
        except (KeyError, ZeroDivisionError) as error:
            found.append((repr(error), lines_of(error)))
    return len(found), [each for each in found if each not in (0, -1, 1)], manager.left


def ways_out():
    manager, total = Manager(), 0

    def returns(i):
        with manager:
            if i % 2:
                return i
        return -i

    for i in range(ROUNDS):
        with manager:
            if i % 3 == 0:
                continue
            total += returns(i)
            for j in range(5):
                with manager as number:
                    if j == i % 5:
                        break
                    total += number & 1
        while True:
            with manager:
                break
    return total, manager.entered, manager.left


class Fails:
    def __init__(self, at, where):
        self.at, self.where, self.n = at, where, 0

    def __enter__(self):
        self.n += 1
        if self.where == "enter" and self.n == self.at:
            raise RuntimeError("enter")
        return self

    def __exit__(self, *args):
        if self.where == "exit" and self.n == self.at:
            raise RuntimeError("exit", args[0])
        return False


def methods_that_fail():
    found = []
    for where in ("enter", "exit"):
        manager = Fails(390, where)
        for i in range(ROUNDS):
            try:
                with manager as same:
                    if same is not manager:
                        found.append(i)
                    if i == 389 and where == "exit":
                        found.append("inside")
            except RuntimeError as error:
                found.append((i, error.args, lines_of(error), error.__context__))
    return found


class Changing:
    def __enter__(self):
        return "old"

    def __exit__(self, *args):
        log.append("old")


log = []


def methods_that_change():
    found, manager = [], Changing()
    del log[:]
    for i in range(ROUNDS):
        if i == 350:
            del Changing.__exit__
        try:
            with manager as kind:
                if i == 300:
                    Changing.__exit__ = lambda self, *args: log.append("new")
                if i == 320:
                    Changing.__enter__ = lambda self: "new"
                if i == 330:
                    manager.__exit__ = lambda *args: log.append("nobody asks")
                found.append(kind)
        except TypeError as error:
            found.append(str(error))
    return found[299], found[320:322], found[-1], len(log), log[298:303]


class Looks:
    def __enter__(self):
        return self.look()

    def __exit__(self, *args):
        self.seen.append(self.look())

    seen = []

    def look(self):
        frame = sys._getframe(1)
        caller = frame.f_back
        return (
            frame.f_code.co_name,
            caller.f_code.co_name,
            caller.f_lineno - caller.f_code.co_firstlineno,
            caller.f_lasti,
        )


def frames():
    looks, found = Looks(), set()
    for i in range(ROUNDS):
        with looks as place:
            found.add(place)
    return found, set(Looks.seen)


class Ends:
    ended = []

    def __init__(self, n):
        self.n = n

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self = None

    def __del__(self):
        frame = sys._getframe(1)
        Ends.ended.append((self.n, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))


def temporaries():
    del Ends.ended[:]
    for i in range(ROUNDS):
        with Ends(i):
            pass
        with Ends(-i) as kept:
            kept = None
    return len(Ends.ended), Ends.ended[:4], Ends.ended[-4:]


def not_in_python():
    lock, total = threading.Lock(), 0
    for i in range(ROUNDS):
        with lock:
            total += lock.locked()
        with contextlib.suppress(ZeroDivisionError):
            total += 10 // (i % 2)
        with contextlib.nullcontext(i) as j:
            total += j
    try:
        for i in range(ROUNDS):
            with lock if i < 390 else i:
                total += 1
    except TypeError as error:
        return total, str(error), lines_of(error)


@contextlib.contextmanager
def noted(notes, i):
    notes.append(i)
    try:
        yield i * 2
    finally:
        notes.append(-i)


def made_of_generators():
    notes, total = [], 0
    for i in range(ROUNDS):
        with noted(notes, i) as twice:
            total += twice
    return total, len(notes), notes[-2:]


def references():
    manager = Loose()
    before = sys.getrefcount(manager)
    for i in range(ROUNDS):
        with manager:
            pass
    return sys.getrefcount(manager) - before


for test in (
    plain,
    with_errors,
    ways_out,
    methods_that_fail,
    methods_that_change,
    frames,
    temporaries,
    not_in_python,
    made_of_generators,
    references,
):
    for _ in range(3):
        try:
            print(test.__name__, test())
        except Exception as error:
            print(test.__name__, repr(error), lines_of(error))
