"""A tool that an `__init__` with default values switches on: the levels of recursion are counted right afterwards."""

wanted = False


class Watched:
    def __init__(self, name="watched"):
        if wanted:
            sys.settrace(lambda frame, event, argument: None)
            helper(3)
            sys.settrace(None)
            helper(3)


def make():
    return Watched()


def depth(n=1):
    try:
        return depth(n + 1)
    except RecursionError:
        return n


for i in range(400):
    wanted = i % 50 == 49
    make()
print(depth())
sys.setrecursionlimit(200)
print(depth())
