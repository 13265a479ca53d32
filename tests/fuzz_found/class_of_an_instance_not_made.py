# A class whose instance a region had not made when an iterator ended stayed alive.
class Plain:
    def __init__(self, x=0, y=1):
        pass


G0 = 3


def f0(p0=1, p1=1, p2=257, *, kw=3):
    t2 = 0
    while t2 < 13:
        t2 += 1
        Plain(p2, y={257, 7, 2}).z = G0
    kw = yield from [1, kw]


for r in range(12):
    list(f0(r))
