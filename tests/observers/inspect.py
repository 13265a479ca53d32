"""`inspect`: stacks, frame information, states of generators."""

import inspect


def shown():
    return [(f.function, f.lineno, f.code_context, f.index, f.positions) for f in inspect.stack()]


def outer(n):
    x = n
    return (shown(), inspect.getframeinfo(inspect.currentframe()), inspect.getargvalues(inspect.currentframe()).locals)


for i in range(120):
    seen = outer(i)
print(seen)


def generator():
    received = yield 1
    while received:
        received = yield received


for i in range(120):
    g = generator()
    states = [
        inspect.getgeneratorstate(g),
        next(g),
        inspect.getgeneratorlocals(g),
        g.send(5),
        g.gi_lineno if hasattr(g, "gi_lineno") else 0,
    ]
    states += [g.gi_frame.f_lineno, g.gi_frame.f_lasti, inspect.getgeneratorlocals(g)]
    g.close()
    states.append(inspect.getgeneratorstate(g))
print(states)
