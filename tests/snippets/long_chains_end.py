"""Long chains of objects, each the only owner of the next, end without a deep C stack: they crashed compiled code once."""


class Node:
    def __init__(self, next):
        self.next = next


class Slotted:
    __slots__ = ("next",)

    def __init__(self, next):
        self.next = next


class Said(Node):
    ended = 0

    def __del__(self):
        Said.ended += 1


def chain(kind, n):
    head = None
    for _ in range(n):
        head = kind(head)
    return head


def lists(n):
    head = []
    for _ in range(n):
        head = [head, 1]
    return head


def ends(kind, n):
    head = chain(kind, n)
    head = None
    return head


for kind in (Node, Slotted, Said):
    for _ in range(60):
        ends(kind, 20)
    ends(kind, 300_000)
    print(kind.__name__)
print(Said.ended)
for _ in range(60):
    lists(20)
lists(300_000)
print("lists")
