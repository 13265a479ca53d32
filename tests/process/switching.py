"""Threads in compiled loops give each other turns as often as `sys.setswitchinterval` says."""

import sys
import threading
import time


def watches(counter, turns, stop):
    """Counts how often somebody else was at work."""
    last = counter[0]
    while not stop:
        if counter[0] != last:
            last = counter[0]
            turns.append(last)


def counts(counter, stop):
    while not stop:
        counter[0] += 1


def nested(counter, stop):
    while not stop:
        for i in range(100):
            for j in range(100):
                counter[0] += 1


def calls(counter, stop):
    def inner(x):
        return x + 1

    while not stop:
        counter[0] = inner(counter[0])


def generates(counter, stop):
    def values():
        while not stop:
            yield 1

    for value in values():
        counter[0] += value


def turns_beside(function):
    """How many turns a thread gets in a quarter of a second beside two loops of this kind."""
    turns, stop, counter = [], [], [0]
    threads = [threading.Thread(target=function, args=(counter, stop)) for _ in range(2)]
    threads.append(threading.Thread(target=watches, args=(counter, turns, stop)))
    for thread in threads:
        thread.start()
    time.sleep(0.25)
    stop.append(1)
    for thread in threads:
        thread.join()
    return len(turns)


for function in (counts, nested, calls, generates):
    turns = {}
    for interval, pick in ((0.05, min), (0.001, max)):
        sys.setswitchinterval(interval)
        turns[interval] = pick(turns_beside(function) for _ in range(3))
    # With two others and 50 ms there are a few turns; with 1 ms there are many.
    print(function.__name__, turns[0.05] < 9, turns[0.001] > 12, sys.getswitchinterval())
    if not (turns[0.05] < 9 and turns[0.001] > 12):
        print(turns, file=sys.stderr)
