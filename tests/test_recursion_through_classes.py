"""Levels of recursion that calls of classes take."""

from conftest import RunModes

SOURCE = """
class Node:
    def __init__(self, depth, other=0):
        self.child = Node(depth - 1) if depth else None

class Fails:
    def __init__(self, depth, other=0):
        if depth: Fails(depth - 1)
        else: raise ValueError

class Returns:
    def __init__(self, depth, other=0):
        return depth

class Bad:
    def __init__(self, depth, other=0):
        if depth:
            try: Bad(depth - 1)
            except TypeError as error: print(error)
        return depth

def deep():
    return deep()

def depth():
    try:
        deep()
    except RecursionError as error:
        count, trace = 0, error.__traceback__
        while trace:
            count, trace = count + 1, trace.tb_next
        return count

for n in (100, 400, 700, 900, 990, 1001):
    try:
        Node(n)
        print(n, "fine", depth())
    except RecursionError:
        print(n, "too deep", depth())
for i in range(5):
    try: Fails(20)
    except ValueError: print(depth())
    try: Returns(2)
    except TypeError as error: print(error, depth())
    try: Bad(3)
    except TypeError as error: print(error, depth())
"""


def test_a_constructor_with_defaults_is_one_level(run_modes: RunModes) -> None:
    run_modes(SOURCE)
