# The operands of a sum that failed were finalized in the wrong order.
G0 = 3


class C0(list):
    def __init__(self, x=0, y=1):
        pass

    def __del__(self):
        print("del C0")


class C1(dict):
    def __init__(self, x=0, y=1):
        pass

    def __del__(self):
        print("del C1")


def f0():
    C0(256) + C1(G0)


for r in range(20):
    try:
        f0()
    except Exception as ex:
        pass
