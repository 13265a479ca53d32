"""`tracemalloc` knows where each int was made, also those that take the place of dead ones, and how much memory is in use."""

import tracemalloc


def short_lived(n):
    total = 0
    for i in range(n):
        wide = i * 1000 + 70000
        total ^= wide
    return total


def kept(n):
    return [i * 1000 + 70000 for i in range(n)]


def lines():
    filters = [tracemalloc.Filter(True, __file__)]
    found = tracemalloc.take_snapshot().filter_traces(filters).statistics("lineno")
    return sorted((one.traceback[0].lineno, one.count) for one in found if one.count > 50)


for _ in range(60):
    short_lived(50)
    kept(300)
tracemalloc.start()
for _ in range(20):
    short_lived(50)
some = kept(600)
print(lines())
del some[100:]
print(lines())
before = tracemalloc.get_traced_memory()[0]
for _ in range(20):
    kept(600)
print(tracemalloc.get_traced_memory()[0] - before < 1000)
tracemalloc.stop()
short_lived(50)
