"""What becomes pending in a call is looked after when its result is received: interrupts, and tools switched on by the callee."""

import _thread
import functools
import sys


def interrupted(values, interrupt):
    kept = []
    for value in values:
        try:
            kept.append([value, interrupt(), value])
        except KeyboardInterrupt as caught:
            kept.append(caught.__traceback__.tb_lineno - interrupted.__code__.co_firstlineno)
    return kept


class Entered:
    # Called without the manager, and pending until something after the enter method polls.
    __enter__ = staticmethod(functools.partial(_thread.interrupt_main))

    def __init__(self, log):
        self.log = log

    def __exit__(self, kind, value, traceback):
        self.log.append(kind.__name__)
        return True


class Iterable:
    __iter__ = staticmethod(functools.partial(iter, "ab"))

    def __getitem__(self, key):
        _thread.interrupt_main()
        return key


def managed(log, function):
    with Entered(log):
        log.append("body")
        function()
        log.append("not reached")
    return log


def subscripts(container):
    found = [one for one in container]
    try:
        found.append(container[1])
    except KeyboardInterrupt:
        found.append("interrupted")
    return found


def tracer(log):
    def trace(frame, event, argument):
        log.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
        return trace

    return trace


def switch_on(log):
    sys.settrace(tracer(log))
    sys._getframe(1).f_trace = tracer(log)
    return 5


def leave_alone(log):
    return 5


def traced(switch, log):
    first = [switch(log), 1]
    second = first[0] + first[1]
    sys.settrace(None)
    return second


def nothing():
    return None


for _ in range(120):
    interrupted(range(2), nothing)
    traced(leave_alone, [])
print(interrupted(range(3), _thread.interrupt_main))
for _ in range(120):
    log = managed([], nothing)
print(log)
for _ in range(120):
    found = subscripts(Iterable())
print(found)
lines = []
print(traced(switch_on, lines), lines)
print(traced(leave_alone, []))
