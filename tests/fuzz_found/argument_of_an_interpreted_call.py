# An interpreted caller kept the argument of a compiled function alive.
G0 = 3
G1 = 1.5


class C0:
    def __init__(self, x, y=1):
        pass

    def __del__(self):
        print("del C0")


class C1(C0):
    pass


def f3(p0=3, p1=1, *rest):
    p0 = 1
    try:
        while t31:
            pass
    except Exception as ex:
        print(1, 1, 1)


u2, u2 = (1, 1)
for r in range(6):
    f3(C1(1), 1)
