# The caller kept `self` alive when the call was the lowest thing on its value stack.
class C0:
    def __del__(self):
        print("del C0")

    def m1(self, p0):
        self = None
        print("after")
        return 1


C0().m1(1)
for r in range(12):
    C0().m1(1)
if C0().m1(1) <= 2:
    pass
