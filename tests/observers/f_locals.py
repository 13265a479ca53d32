"""`frame.f_locals` read and written by a callee; `locals()` in all scopes."""


def write():
    frame = sys._getframe(1)
    frame.f_locals["b"] = frame.f_locals["b"] + 10
    frame.f_locals["new"] = 1
    return dict(frame.f_locals)


def written(n):
    a, b, c = n, 1, None
    for i in range(3):
        seen = write()
        b += 1
    return a, b, seen, locals()


for i in range(150):
    result = written(i)
print(result)


def cells(n):
    held = n

    def inner():
        return held

    sys._getframe().f_locals["held"] = 7
    return inner(), held, locals()["held"]


for i in range(150):
    result = cells(i)
print(result)


class Body:
    x = 1
    for i in range(600):
        locals()["y"] = i
    z = y + x, sorted(k for k in locals() if len(k) == 1)


print(Body.z, [locals().get("q", 1) for q in range(3)])
