"""Exceptions that are raised and caught in optimized code, and that somebody sees: handlers that look, tools, frames, finalizers."""

import sys
import traceback


class Own(Exception):
    pass


class Derived(Own):
    pass


class WithInit(Exception):
    def __init__(self, code):
        self.code = code


class Loud:
    """Its end is heard."""

    heard = []

    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        Loud.heard.append((self.name, frame.f_code.co_name, frame.f_lineno, type(sys.exception()).__name__))


ROUNDS = 400

EVEN = {n: n for n in range(0, 50, 2)}


def check(x):
    if x % 2:
        raise Derived("odd", [x])
    if x % 5 == 0:
        raise KeyError(x)
    return x


def with_init(n):
    total = 0
    for i in range(n):
        try:
            if i % 3:
                raise WithInit(i)
        except WithInit as error:
            total += error.code
    return total


def not_caught_here(n):
    """The handler is for something else."""
    out = []
    for i in range(n):
        try:
            try:
                if i % 10 == 9:
                    raise Derived(i)
                out.append(EVEN[i % 6])
            except IndexError:
                out.append("index")
        except Own as error:
            out.append((error.args, [entry.lineno for entry in traceback.extract_tb(error.__traceback__)]))
        except KeyError as error:
            out.append((error.args, [entry.lineno for entry in traceback.extract_tb(error.__traceback__)]))
    return out[:12], len(out)


def handlers_that_look(n):
    out = []
    for i in range(n):
        try:
            check(i)
        except Own:
            kind, value, trace = sys.exc_info()
            out.append((kind.__name__, value.args, [entry.name for entry in traceback.extract_tb(trace)]))
        except KeyError:
            out.append(type(sys.exception()).__name__)
    return out[:10], len(out), sys.exception()


def context(n):
    out = []
    for i in range(n):
        try:
            try:
                EVEN[1]
            except KeyError:
                try:
                    raise Own(i)
                except Own:
                    i += 1
                raise ValueError(i)  # noqa: B904
        except ValueError as error:
            out.append((error.args, type(error.__context__).__name__, error.__context__.__context__))
    return out[-1], len(out)


def reraised(n):
    total = 0
    for i in range(n):
        try:
            try:
                check(i)
            except Own:
                total += 1
                raise
        except Derived as error:
            total += len(traceback.extract_tb(error.__traceback__))
        except KeyError:
            total += 10
    return total


def finally_and_with(n):
    class Manager:
        def __enter__(self):
            return 1

        def __exit__(self, kind, value, trace):
            return kind is Own

    total = 0
    for i in range(n):
        try:
            try:
                if i % 2:
                    raise ValueError
            finally:
                total += 1
        except ValueError:
            total += 5
        with Manager():
            if i % 3 == 0:
                raise Own
            total += 7
    return total


def stops(n):
    total = 0
    iterator = iter((1, 2, 3))
    for _ in range(n):
        try:
            total += next(iterator)
        except StopIteration:
            iterator = iter((1, 2, 3))
    return total


class Full:
    def __init__(self):
        self.a = 1


class Empty:
    pass


def attributes(n):
    total = 0
    both = [Full(), Empty()]
    for i in range(n):
        try:
            total += both[i % 2].a
        except AttributeError:
            total += 2
    return total


def fails_with(held, i):
    if i % 2:
        raise Own(i)
    return held


def ends_heard(n):
    """What ends with the frames that an exception leaves is heard where it would be."""
    Loud.heard.clear()
    total = 0
    for i in range(n):
        try:
            fails_with(Loud(i), i)
        except Own:
            total += 1
        try:
            EVEN[Loud(-i)]
        except KeyError:
            total += 1
    return total, Loud.heard[:12], len(Loud.heard)


def overflows(n):
    """A guard in the handler fails: it all happens again where it is seen."""
    big = 2**62 - 200
    other = 0
    for i in range(n):
        try:
            if i % 2:
                raise Own(i)
            other += 1
        except Own:
            big += i
            other += 2
    return big, other


def old_values(n):
    """Handlers replace what locals held."""
    Loud.heard.clear()
    last = None
    for i in range(n):
        try:
            last = Loud(i)
            check(i)
        except Own:
            last = None
        except KeyError:
            last = i
    return Loud.heard[:8], len(Loud.heard), last


class LoudKey(Loud):
    def __hash__(self):
        return 5


def held_by_exceptions(n):
    """What a handler drops may be in the exception, too, which ends behind it."""
    Loud.heard.clear()
    key = None
    for i in range(n):
        try:
            if i % 3 == 0:
                key = LoudKey(i)
            EVEN[key]
        except KeyError:
            key = None
    return Loud.heard[:8], len(Loud.heard), key


def in_generators(n):
    def numbers():
        for i in range(n):
            try:
                yield check(i)
            except Own:
                yield -1
            except KeyError:
                pass

    return sum(numbers())


def recursion(n):
    def down(i):
        if i == 0:
            raise Own
        try:
            return down(i - 1)
        except KeyError:
            return 5

    total = 0
    for i in range(n):
        try:
            down(i % 4)
        except Own:
            total += 1
    return total


def monitored(n):
    """A tool is switched on in the midst of it."""
    events = []
    tool = sys.monitoring.PROFILER_ID
    kinds = sys.monitoring.events

    def line(code, offset):
        # The interpreter's offsets differ between a call that it makes itself and one that C code makes.
        return next((line for start, end, line in code.co_lines() if start <= offset < end), None)

    def note(kind):
        return lambda code, offset, error: events.append((kind, code.co_name, line(code, offset), type(error).__name__))

    def switch(i):
        if i == n // 2:
            sys.monitoring.use_tool_id(tool, "test")
            for kind in ("RAISE", "EXCEPTION_HANDLED", "PY_UNWIND"):
                sys.monitoring.register_callback(tool, getattr(kinds, kind), note(kind))
            sys.monitoring.set_events(tool, kinds.RAISE | kinds.EXCEPTION_HANDLED | kinds.PY_UNWIND)

    total = 0
    for i in range(n):
        try:
            switch(i)
            total += check(i)
        except Own:
            total += 1
        except KeyError:
            total += 2
    if sys.monitoring.get_tool(tool):
        sys.monitoring.set_events(tool, 0)
        sys.monitoring.free_tool_id(tool)
    return total, len(events), events[:6]


def traced(n):
    lines = []

    def trace(frame, event, argument):
        if frame.f_code.co_name in ("traced", "check"):
            lines.append((frame.f_code.co_name, frame.f_lineno - traced.__code__.co_firstlineno, event))
        return trace

    total = 0
    for i in range(n):
        try:
            if i == n - 6:
                sys.settrace(trace)
                sys._getframe().f_trace = trace
            total += check(i)
        except Own:
            total += 1
        except KeyError:
            total += 2
    sys.settrace(None)
    return total, lines


for function in (
    monitored,
    traced,
    with_init,
    not_caught_here,
    handlers_that_look,
    context,
    reraised,
    finally_and_with,
    stops,
    attributes,
    ends_heard,
    overflows,
    old_values,
    held_by_exceptions,
    in_generators,
    recursion,
):
    for _ in range(4):
        print(function.__name__, function(ROUNDS))
