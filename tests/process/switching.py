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


FEW, MANY = 9, 12
"""With two others and 50 ms there are fewer turns than this; with 1 ms there are more than that."""


def turns_until(function, interval, enough):
    """The turns of the first try that is as expected, or of the last: a busy machine gives a process few turns itself."""
    sys.setswitchinterval(interval)
    for _ in range(8):
        turns = turns_beside(function)
        if enough(turns):
            break
    return turns


for function in (counts, nested, calls, generates):
    few = turns_until(function, 0.05, lambda turns: turns < FEW)
    many = turns_until(function, 0.001, lambda turns: turns > MANY)
    print(function.__name__, few < FEW, many > MANY, sys.getswitchinterval())
    if not (few < FEW and many > MANY):
        print(few, many, file=sys.stderr)
