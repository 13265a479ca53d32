"""Memory of small objects: made, grown, given back and passed on, with other allocators in front, in threads, children and other interpreters."""

import ctypes
import gc
import os
import threading
import tracemalloc


def shapes(n):
    """Objects of many sizes, that grow and shrink."""
    kept = []
    for i in range(n):
        text = str(i) * (i % 40 + 1)
        row = [text, text[1:], (i, text), {i: text, text: i}, bytes(i % 700), bytearray(i % 90)]
        row[5].extend(b"x" * (i % 130))
        del row[5][: i % 50]
        row.extend(range(i % 30))
        del row[6 + i % 7 :]
        kept.append(row)
        if i % 3 == 0:
            kept[i // 2] = None
    return kept


def checked(kept):
    total = 0
    for i, row in enumerate(kept):
        if row is not None:
            text = str(i) * (i % 40 + 1)
            assert row[0] == text and row[2] == (i, text) and row[3] == {i: text, text: i}, i
            assert row[4] == bytes(i % 700) and row[5] == (bytes(i % 90) + b"x" * (i % 130))[i % 50 :], i
            total += len(row)
    return total


for n in (10, 3000, 30, 12000, 3000):
    print(n, checked(shapes(n)))


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def use(n):
    return [(str(i), i + 0.5) for i in range(n)]


before = resident()
many = use(400_000)
grown = resident() - before
del many
gc.collect()
print("given back", resident() - before < grown / 2 + (8 << 20))

# Blocks of before, and blocks of after, while another allocator is in front.
earlier = shapes(500)
tracemalloc.start()
later = shapes(500)
traced = tracemalloc.get_traced_memory()[0]
print("traced", traced > 100_000)
del earlier
checked(later)
tracemalloc.stop()
print("after", checked(later))
del later

# Extensions mix the two kinds of memory, which the interpreter bears.
api = ctypes.pythonapi
for name in ("PyObject_Malloc", "PyMem_Malloc", "PyObject_Realloc", "PyMem_Realloc", "PyObject_Calloc", "PyMem_Calloc"):
    getattr(api, name).restype = ctypes.c_void_p
for name in ("PyObject_Free", "PyMem_Free"):
    getattr(api, name).restype = None
size = ctypes.c_size_t
for n in (0, 1, 16, 17, 511, 512, 513, 5000):
    first = api.PyObject_Malloc(size(n))
    ctypes.memset(first, 65, n)
    second = api.PyMem_Realloc(ctypes.c_void_p(first), size(n + 300))
    assert ctypes.string_at(second, n) == b"A" * n
    third = api.PyObject_Realloc(ctypes.c_void_p(second), size(n // 2))
    assert ctypes.string_at(third, n // 2) == b"A" * (n // 2)
    api.PyMem_Free(ctypes.c_void_p(third))
    fourth = api.PyMem_Calloc(size(n), size(3))
    assert ctypes.string_at(fourth, 3 * n) == bytes(3 * n)
    api.PyObject_Free(ctypes.c_void_p(fourth))
    assert api.PyObject_Realloc(None, size(n)) % 16 == 0
assert not api.PyObject_Calloc(size(2**62), size(8))

# Threads.
results = []
threads = [threading.Thread(target=lambda: results.append(checked(shapes(1500)))) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("threads", results)

# A child has what the parent had, and is alone with it.
kept = shapes(800)
child = os.fork()
if child == 0:
    same = checked(kept)
    del kept
    os._exit(0 if same and checked(shapes(900)) else 1)
del kept
more = shapes(1000)
print("child", os.waitpid(child, 0)[1], checked(more))

# Other interpreters, with locks of their own, beside this one.
try:
    import _interpreters
except ImportError:
    pass
else:
    WORK = """
def work():
    kept = []
    for i in range(20000):
        kept.append((str(i) * 3, [i] * 5, {i: i}))
        if i % 2:
            kept[i // 3] = None
    return sum(len(row[0]) for row in kept if row)
assert work() == work()
"""
    ids = [_interpreters.create() for _ in range(2)]
    threads = [threading.Thread(target=_interpreters.exec, args=(number, WORK)) for number in ids]
    for thread in threads:
        thread.start()
    mine = [checked(shapes(1500)) for _ in range(4)]
    for thread in threads:
        thread.join()
    for number in ids:
        _interpreters.destroy(number)
    assert mine[0] == mine[3]
print("interpreters", checked(shapes(2000)))
