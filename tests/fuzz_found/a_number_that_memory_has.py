"""A float that a call has put into its local variable in memory is a number in the loop after the call."""
NAN = float("nan")



def f1(v0, v1, v2, v3, w0, w1):
    w2 = None
    F = [0.5, 1, 10000000000.0, 3.25]
    M = [1, [3, 4], [5.5, 6]]
    R = list(range(120))
    mixed = [1, 2.5, None, 'a', 2 ** 40, (), True] * 14
    for i1 in R:
        v1 = v2 = F[-1 % 4] if v3 >= v2 else v1 + v2
        i2 = 0
        while i2 < 12:
            i2 += 1
            v3 /= i2 * 3
            if w2 is w0:
                if (v1 or v1) > v1 + NAN:
                    pass
            else:
                v1 = -0.0 - v0 if bool(v3) == -i2 else (v2 or v1) / -1
                v2 += F[i1 % 4]
        else:
            pass
        v3 += v2 - -2 ** 60
        v2 = i1 ^ -2 ** 62
r = f1(1, 1, 1, 1, 1, 2.5)
print(r)
