# `__init__` with default values, called through its class, took two levels of recursion instead of one.
G0 = 3


class C0:
    def __init__(self, x, y=257):
        pass


class C1:
    def __init__(self, x, y=10):
        pass

    def m0(self, p0, p1=2):
        v7 = C0(100)
        if self.m0(G0):
            pass


C1(G0).m0(1)
