"""Tracebacks, frames and exceptions that compiled code makes and ends: what is seen of them, what holds them, and when what they hold ends."""

import gc
import sys
import traceback
import weakref


class Noisy:
    def __init__(self, name, log):
        self.name = name
        self.log = log

    def __del__(self):
        self.log.append(self.name)


class Plain(Exception):
    pass


class Slotted(Exception):
    __slots__ = ("extra",)


class Final(Exception):
    def __del__(self):
        log_of_finals.append(self.args)


class WithInit(KeyError):
    def __init__(self, a, b=2):
        super().__init__(a)
        self.b = b


class WithNew(ValueError):
    def __new__(cls, *args):
        made = super().__new__(cls, *args)
        made.note = len(args)
        return made


class Meta(type):
    def __call__(cls, *args):
        return super().__call__("by meta", *args)


class ByMeta(Exception, metaclass=Meta):
    pass


log_of_finals = []
KINDS = [
    Plain,
    Slotted,
    Final,
    WithInit,
    WithNew,
    ByMeta,
    ValueError,
    KeyError,
    LookupError,
    StopIteration,
    AttributeError,
    OSError,
    SystemExit,
    UnicodeError,
    BaseException,
]


def entries(error):
    found, entry = [], error.__traceback__
    while entry is not None:
        frame = entry.tb_frame
        found.append(
            (frame.f_code.co_name, entry.tb_lineno - frame.f_code.co_firstlineno, entry.tb_lasti, frame.f_lasti)
        )
        entry = entry.tb_next
    return found


def raises(kind, depth, log):
    kept = Noisy(f"{kind.__name__}{depth}", log)
    if depth:
        return raises(kind, depth - 1, log)
    if log is None:
        return kept
    raise kind(depth, log[-1:])


def callers(frame):
    names = []
    while frame is not None and frame.f_code.co_name not in ("<module>", "main"):
        names.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno, sorted(frame.f_locals)))
        frame = frame.f_back
    return names


def kinds(number):
    log, result = [], []
    kind = KINDS[number % len(KINDS)]
    try:
        raises(kind, number % 4, log)
    except BaseException as error:
        result.append((type(error).__name__, repr(error.args), str(error), vars(error), entries(error)))
        last = error.__traceback__
        while last.tb_next is not None:
            last = last.tb_next
        result.append(callers(last.tb_frame))
        log.append("handled")
        del last
    log.append("after")
    return result, log


def many_deep(number):
    """Longer chains than are ended one after the other."""
    log = []
    try:
        raises(Plain, 25 + number % 3, log)
    except Plain as error:
        result = len(entries(error))
    return result, log


def held(number):
    """Somebody keeps the exception, its traceback, a frame, or the middle of a traceback."""
    log = []
    kept = []
    try:
        raises(Plain, 5, log)
    except Plain as error:
        match number % 6:
            case 0:
                kept.append(error)
            case 1:
                kept.append(error.__traceback__)
            case 2:
                kept.append(error.__traceback__.tb_next.tb_next)
            case 3:
                kept.append(error.__traceback__.tb_next.tb_frame)
            case 4:
                kept.append(weakref.ref(error))
            case 5:
                kept.append(error.__traceback__.tb_next.tb_frame.f_locals)
    log.append("handled")
    shown = len(log)
    if number % 6 == 3:
        log.append(callers(kept[0])[0][0])
        kept[0].clear()
    if number % 6 == 4:
        log.append(kept[0]() is None)
    if number % 6 == 5:
        log.append(sorted(kept[0]))
    kept.clear()
    log.append("dropped")
    return shown, log


def again(number):
    """One exception raised several times grows its traceback."""
    error = Plain(number)
    for _ in range(number % 3 + 1):
        try:
            raise error
        except Plain:
            pass
    length = len(entries(error))
    error.__traceback__ = None
    return length, error.__traceback__, sys.exception()


def contexts(number):
    """What is being handled becomes the context; what is not, does not."""
    try:
        try:
            raises(ValueError, number % 2, [])
        except ValueError:
            raise KeyError(number)  # noqa: B904
    except KeyError as error:
        first = type(error.__context__).__name__, error.__suppress_context__
    try:
        raise KeyError
    except KeyError as error:
        second = error.__context__, error.args
    try:
        raise KeyError(1, 2) from None
    except KeyError as error:
        third = error.__context__, error.__suppress_context__, error.args
    try:
        try:
            raise ValueError
        except ValueError as inner:
            raise inner from Plain("cause")
    except ValueError as error:
        fourth = error.__context__, str(error.__cause__)
    return first, second, third, fourth


def in_generator(number):
    def numbers(limit, log):
        kept = Noisy("generator", log)
        for value in range(limit):
            yield value
        raise Plain(kept.name)

    log, total = [], 0
    try:
        for value in numbers(number % 5, log):
            total += value
    except Plain as error:
        total += len(entries(error))
        log.append(callers(error.__traceback__.tb_next.tb_frame))
    log.append("after")
    return total, log


def cycle(number):
    """A frame that holds its own exception is for the collector."""
    found = []

    def inner():
        watched = Noisy("cycle", found)
        try:
            raise Plain(watched.name)
        except Plain as error:
            saved = error
        return len(entries(saved))

    result = inner()
    before = list(found)
    if number % 50 == 0:
        gc.collect()
        return result, before, found
    return result, before


def sets_things(number):
    """Notes, attributes and other parts of an exception end with it."""
    log = []
    error = Plain(number)
    error.attribute = Noisy("attribute", log)
    error.add_note("a note")
    error.__cause__ = Plain(Noisy("cause", log))
    error.__context__ = Plain(Noisy("context", log))
    error.args = (Noisy("argument", log),)
    result = error.__notes__, sorted(vars(error))
    del error
    return result, log


def bad_calls(number):
    found = []
    for call in (lambda: ValueError(a=1), lambda: Plain(b=2), lambda: WithInit(), lambda: WithInit(1, c=3)):
        try:
            found.append(repr(call()))
        except TypeError as error:
            found.append(str(error))
    return found


def traced(number):
    """A frame that a tool looks at."""
    seen = []

    def tracer(frame, event, argument):
        if frame.f_code.co_name == "raises":
            seen.append((event, frame.f_lineno - frame.f_code.co_firstlineno))
            return tracer
        return None

    if number % 40:
        return None
    sys.settrace(tracer)
    try:
        raises(Plain, 1, [])
    except Plain as error:
        result = entries(error)
    finally:
        sys.settrace(None)
    return result, seen


def text(number):
    try:
        raises(Plain, number % 3, [])
    except Plain:
        return [line for line in traceback.format_exc().splitlines() if "File" not in line]


def refcounts(number):
    try:
        raise Plain(number)
    except Plain as error:
        return sys.getrefcount(error), sys.getrefcount(error.args), sys.getrefcount(error.__traceback__)


def main():
    tests = (
        kinds,
        many_deep,
        held,
        again,
        contexts,
        in_generator,
        cycle,
        sets_things,
        bad_calls,
        traced,
        text,
        refcounts,
    )
    for test in tests:
        before = None
        for number in range(120):
            result = test(number)
            if number % 30 < 16 and result != before:
                print(test.__name__, number, result)
            before = result
    gc.collect()
    print(len(log_of_finals), len(gc.garbage))


main()
