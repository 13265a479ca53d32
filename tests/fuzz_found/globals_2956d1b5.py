# callsA:3364 optimizing: globals line 1: 'GL = [8, 5, 6, 7]' became 'GL = [5, 6, 7, 8]'
GL = [1, 2.5, 3, 400]

def note(*what):
    pass

def h0(a0=0.5, a1='a', a2=3):
    pass

class C0:

    def __init__(self, a0=7, a1=2 ** 62):
        self.x = a0

    def m0(self, a0):
        return self.p

    def m1(self, a0, a1=2):
        note(a1)
        GL.insert(0, GL.pop())
        return (lambda z: z + a0)(a0) - self.m1(a1)

    @property
    def p(self):
        t1 = 3 // (3 - 2 ** 62)
        return h0(a0=self.m1(t1, t1))

def f0(v0, v1, v2, o0, o1):
    try:
        w0 = C0(v1).x
        v2 = o1.m0(a0=w0) % h3(v1)
    except Exception as e:
        pass
r = f0(1, 1, 7, C0(300), C0(7))
