"""Bodies of modules and classes that are executed again and again: their loops, what they leave behind, and who looks on."""

import sys
import types

SOURCE = """
total = 0
for i in range(ROUNDS):
    total += i % STEP
if total % 2:
    for word in ("a", "bb", "ccc") * 10:
        total += len(word)
try:
    for i in range(ROUNDS):
        if i == FAILS:
            raise ValueError(i)
        last = i
except ValueError as error:
    caught = error.args[0]
j = 0
while j < ROUNDS:
    j += 1
    if j == STOP:
        break
"""
CODE = compile(SOURCE, "again", "exec")


def once(number):
    space = {"ROUNDS": 10 + number * 5, "STEP": 3 + number % 2, "FAILS": 20 + number, "STOP": 50 - number}
    if number == 17:
        space["STEP"] = 2.5
    if number == 19:
        space["ROUNDS"] = 0
    exec(CODE, space)
    del space["__builtins__"]
    return space


for number in range(24):
    result = once(number)
    if number % 4 == 1 or number in (17, 19):
        print(result)


def make(n):
    class Body:
        names = []
        for k in range(n):
            names.append(k * n)
        squares = {k: k * k for k in range(n)}
        while n > 0 and len(names) > 5:
            names.pop()

    return Body


print([(len(make(n).names), len(make(n).squares)) for n in range(40)])

BROKEN = compile("for i in range(60):\n    t = i\n    1 / (limit - i)\n", "broken", "exec")
for limit in (100, 70, 30, 0, 59, 100):
    space = {"limit": limit}
    try:
        exec(BROKEN, space)
    except ZeroDivisionError as error:
        print(limit, space["t"], error.__traceback__.tb_next.tb_lineno)
    else:
        print(limit, space["t"])

# A module that is executed again in its own namespace.
module = types.ModuleType("again")
for k in range(6):
    module.ROUNDS, module.STEP, module.FAILS, module.STOP = 60, 3, 1000, k
    exec(CODE, module.__dict__)
    print(module.total, module.j, module.last)

# Tools that come between two executions, and in the midst of one.
seen = []


def look(frame, event, arg):
    if frame.f_code is CODE:
        seen.append((event, frame.f_lineno))
        return look
    return None


sys.settrace(look)
once(1)
sys.settrace(None)
print(len(seen), seen[:8], seen[-3:])
MIDST = compile(
    "for i in range(50):\n    if i == 30:\n        start()\n    if i == 33:\n        stop()\n", "midst", "exec"
)
for _ in range(4):
    lines = []

    def note(frame, event, arg):
        lines.append((event, frame.f_lineno)) if frame.f_code is MIDST else None
        return note

    def start():
        sys._getframe(1).f_trace = note
        sys.settrace(note)

    exec(MIDST, {"start": start, "stop": lambda: sys.settrace(None)})
    print(len(lines), lines[:4], lines[-2:])


# Recursion, and generators that outlive the body.
INNER = compile(
    "gs = []\nfor i in range(30):\n    if i == 25 and depth:\n        run(depth - 1)\n    gs.append((lambda i=i: i)())\n",
    "inner",
    "exec",
)


def run(depth):
    space = {"depth": depth, "run": run}
    exec(INNER, space)
    sizes.append((depth, len(space["gs"]), space["i"]))


for depth in (0, 3, 6):
    sizes = []
    run(depth)
    print(sizes)
