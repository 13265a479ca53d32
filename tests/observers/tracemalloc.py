"""Lines in `tracemalloc`."""

import tracemalloc


def allocates(n):
    kept = []
    for i in range(n):
        kept.append(bytearray(2000))
    return kept


def outer(n):
    return allocates(n), [bytearray(3000) for i in range(n)]


for i in range(100):
    outer(3)
tracemalloc.start(5)
kept = outer(10)
snapshot = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, __file__)])
tracemalloc.stop()
big = [(str(s.traceback), s.count) for s in snapshot.statistics("traceback") if s.size > 10000]
print(big)
