"""Exceptions that another thread sets in compiled loops."""

import ctypes
import threading
import time


class Stop(Exception):
    pass


def throw(thread):
    return ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Stop))


def passes():
    while True:
        pass


def counts():
    i = 0
    while True:
        i += 1


def calls():
    def inner(x):
        return x + 1

    i = 0
    while True:
        i = inner(i)


def generates():
    def values():
        while True:
            yield 1

    for _ in values():
        pass


def restarts():
    """Catches it a few times."""
    for _ in range(3):
        try:
            counts()
        except Stop:
            log.append("caught")
    passes()


def run(function):
    started = threading.Event()

    def target():
        started.set()
        try:
            function()
        except Stop as error:
            names = []
            trace = error.__traceback__
            while trace:
                names.append(trace.tb_frame.f_code.co_name)
                trace = trace.tb_next
            log.append(names[:2])
        # It is gone once it was raised.
        total = 0
        for i in range(2000):
            total += i
        log.append(total)

    thread = threading.Thread(target=target)
    thread.start()
    started.wait()
    while thread.is_alive():
        time.sleep(0.02)
        throw(thread)
        thread.join(0.02)


log = []
for function in (passes, counts, calls, generates):
    time.sleep(0.01)
    started_at = time.monotonic()
    run(function)
    print(function.__name__, log, time.monotonic() - started_at < 5)
    log.clear()
