# The operands of a comparison that failed were finalized in the wrong order.
class C0(int):
    def __del__(self):
        print("del C0")


class C2:
    def __init__(self, x, y=10):
        pass

    def __del__(self):
        print("del C2")


def f2(p0, p1=257):
    v7 = C0(256) >= C2(10)


for r in range(20):
    try:
        f2(r, r)
    except Exception as ex:
        pass
