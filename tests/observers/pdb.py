"""Scripted sessions of `pdb`, started inside compiled functions, generators, coroutines, and after an exception."""

import io, pdb


def debugged(n):
    total = 0
    for i in range(n):
        total += helper(i)
        if i == 2:
            debugger().set_trace()
    return total


def debugger():
    return pdb.Pdb(stdin=io.StringIO(commands), stdout=sys.stdout, nosigint=True, readrc=False)


def gen(n):
    for i in range(n):
        if i == 1:
            debugger().set_trace()
        yield i


async def coro(n):
    if n == 1:
        debugger().set_trace()
    m = n + 1
    return m


commands = "continue\n" * 3
for i in range(60):
    debugged(2)
commands = "next\nstep\nargs\nreturn\nwhere\np total\n!total = 100\nup\np i\ndown\nuntil\ncontinue\n"
print(debugged(5))
commands = "next\np i\nstep\nreturn\ncontinue\n"
print(list(gen(4)), list(gen(1)))
try:
    coro(1).send(None)
except StopIteration as stop:
    print(stop.value)
commands = f"break {helper.__code__.co_firstlineno + 1}, x == 3\ncontinue\np x\nwhere\nclear 1\ncontinue\n"
print(debugged(5))
try:
    fails(2)
except ValueError as error:
    commands = "where\nup\np n\nquit\n"
    p = debugger()
    p.reset()
    p.interaction(None, error.__traceback__)
