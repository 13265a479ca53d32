"""`__del__`, weak references' callbacks and `weakref.finalize`, at the same point."""

import weakref

log = []


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        log.append((self.name, sys._getframe(1).f_code.co_name, sys._getframe(1).f_lineno))


def replaced(n):
    a = Noisy("a")
    a = Noisy("b")
    del a
    log.append("deleted")
    c = [Noisy(i) for i in range(2)]
    c[0] = None
    log.append("item")
    d = {1: Noisy("dict")}
    d.clear()
    e, f = Noisy("e"), Noisy("f")
    e = f = None
    log.append("end")
    return Noisy("returned").name


def watched(n):
    node = Noisy("watched")
    ref = weakref.ref(node, lambda r: log.append(("callback", r())))
    weakref.finalize(node, log.append, "finalize")
    node = None
    log.append("after")
    return ref()


def loop(n):
    for item in (Noisy(i) for i in range(n)):
        log.append("body")
    log.append("loop")


for i in range(150):
    log.clear()
    replaced(i)
    watched(i)
    loop(2)
print(log)
