"""The collector: referrers, reference counts, cycles through frames, `gc.freeze`."""

import gc, weakref


class Node:
    pass


def referrers(n):
    node = Node()
    held = [node]
    found = [type(r).__name__ for r in gc.get_referrers(node) if r is held]
    return found, sys.getrefcount(node), sys.getrefcount(held)


def takes(node, other=None):
    return sys.getrefcount(node)


def passes(n):
    node = Node()
    return takes(node), takes(node, other=1), [takes(node) for _ in range(2)]


def cycles(n):
    node = Node()
    node.frame = sys._getframe()
    node.self = node
    return weakref.ref(node)


def generator_cycle():
    node = Node()
    node.generator = values_of(node)
    next(node.generator)
    return weakref.ref(node)


def values_of(node):
    while True:
        yield node


for i in range(150):
    seen = referrers(i), passes(i)
    one, two = cycles(i), generator_cycle()
    if i in (0, 149):
        gc.collect()
        print(seen, one(), two())
gc.collect()
print([o for o in gc.get_objects() if isinstance(o, Node)])
gc.freeze()
print(referrers(1))
gc.unfreeze()
print(gc.collect() >= 0, gc.garbage)
