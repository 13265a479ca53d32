"""Tracing, profiling, signals and threads, turned on and off around and inside hot code."""

import contextlib
import signal
import sys
import threading
import time


def work(n):
    total = 0
    for i in range(n):
        total += helper(i)
    return total


def helper(x):
    if x % 2:
        return x
    return -x


def traced(n):
    events = []

    def tracer(frame, event, arg):
        if frame.f_code in (work.__code__, helper.__code__):
            events.append((frame.f_code.co_name, event, frame.f_lineno, arg if event == "return" else None))
            return tracer
        return None

    sys.settrace(tracer)
    result = work(n)
    sys.settrace(None)
    return result, events


def profiled(n):
    events = []

    def profiler(frame, event, arg):
        if frame.f_code in (work.__code__, helper.__code__):
            events.append((frame.f_code.co_name, event))

    sys.setprofile(profiler)
    result = work(n)
    sys.setprofile(None)
    return result, events


def turned_on_inside(n):
    """A trace function set in the middle of a hot loop sees what comes after."""
    events = []

    def tracer(frame, event, arg):
        if frame.f_code is helper.__code__:
            events.append((event, frame.f_lineno))
            return tracer
        return None

    total = 0
    for i in range(n):
        if i == n - 5:
            sys.settrace(tracer)
        if i == n - 2:
            sys.settrace(None)
        total += helper(i)
    return total, events


def lines_of_a_running_frame(n):
    """A local trace function put on a frame that is in the middle of its loop."""
    events = []

    def tracer(frame, event, arg):
        events.append((event, frame.f_lineno))
        return tracer

    frame = sys._getframe()
    for i in range(n):
        if i == n - 3:
            sys.settrace(lambda *args: None)
            frame.f_trace = tracer
        helper(i)
    sys.settrace(None)
    frame.f_trace = None
    return events


for i in range(3):
    print(work(2000), traced(6), work(2000), profiled(6), work(2000))
    print(turned_on_inside(1500))
    print(lines_of_a_running_frame(1200))


class Alarm(Exception):
    pass


def interrupted():
    """A signal handler that raises gets out of an endless hot loop."""

    def handler(number, frame):
        raise Alarm(frame.f_code.co_name)

    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    count = 0
    try:
        while True:
            count += 1
    except Alarm as alarm:
        return str(alarm), count > 1000


def handled_and_continued():
    calls = []
    signal.signal(signal.SIGALRM, lambda number, frame: calls.append(frame.f_code.co_name))
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    while not calls:
        pass
    return calls


print(interrupted(), handled_and_continued())


def threads():
    """Hot loops in several threads give each other the GIL."""
    done = threading.Event()
    ticks = []

    def spins():
        count = 0
        while not done.is_set():
            count += 1
        ticks.append(count > 100)

    started = [threading.Thread(target=spins) for _ in range(3)]
    for thread in started:
        thread.start()
    time.sleep(0.1)
    total = work(20000)
    done.set()
    for thread in started:
        thread.join()
    return total, ticks


print(threads())


def stopped_from_outside():
    """An exception set in another thread arrives in its hot loop."""
    import ctypes

    out = []

    def spins():
        with contextlib.suppress(Alarm):
            while True:
                pass
        out.append("stopped")

    thread = threading.Thread(target=spins)
    thread.start()
    time.sleep(0.05)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Alarm))
    thread.join(20)
    return out


print(stopped_from_outside())
