"""Sub-interpreters beside compiled code: isolated and sharing the GIL, in threads, with code that is hot in both."""

import _interpreters
import textwrap
import threading

CODE = textwrap.dedent("""
    import sys
    def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
    class Thing:
        def __init__(self, x): self.x = x
        def __add__(self, other): return Thing(self.x + other.x)
    def loop(n):
        total = Thing(0)
        for i in range(n): total = total + Thing(i)
        return total.x
    def values(n):
        for i in range(n): yield i * 2
    for repeat in range(3):
        assert fib(14) == 377
        assert loop(3000) == 4498500
        assert sum(values(2000)) == 3998000
        try: loop("x")
        except TypeError: pass
    import json, collections, dataclasses
    json.loads(json.dumps([{"a": i} for i in range(300)]))
""")


def work(n):
    total = 0
    for i in range(n):
        total += len(str(i))
    return total


def run(kind):
    one = _interpreters.create(kind)
    try:
        failed = _interpreters.run_string(one, CODE)
        return failed and failed.formatted
    finally:
        _interpreters.destroy(one)


for i in range(60):
    work(30)
print([run(kind) for kind in ("isolated", "legacy", "isolated")], work(2000))
exec(CODE)
results = []


def in_thread(kind):
    results.append(run(kind))


for kind in ("isolated", "legacy"):
    threads = [threading.Thread(target=in_thread, args=(kind,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    here = [work(20000) for _ in range(5)]
    for thread in threads:
        thread.join()
    print(kind, results, set(here))
    results.clear()
alive = _interpreters.create("isolated")
_interpreters.run_string(alive, CODE)
exec(CODE)
print(run("legacy"), "one is left alive for the shutdown")
