"""What is observed, warmed up until it runs compiled. Each program of this folder runs behind this text."""

import sys


def helper(x):
    if x % 2:
        return x
    return -x


def work(n):
    total = 0
    for i in range(n):
        total += helper(i)
    return total


def values(n):
    for i in range(n):
        yield i
    return n


def consume(n):
    total = 0
    for value in values(n):
        total += value
    return total


class Point:
    def __init__(self, x):
        self.x = x

    def moved(self, by):
        return Point(self.x + by)


def fails(n):
    if n == 0:
        raise ValueError("zero")
    return fails(n - 1)


def catches(n):
    try:
        return fails(n)
    except ValueError as error:
        return str(error)


def warm():
    for i in range(120):
        work(20)
        consume(20)
        Point(i).moved(1)
        catches(3)


def events(code):
    return code.co_filename == __file__ and code.co_name not in ("<module>", "warm", "events")


warm()
