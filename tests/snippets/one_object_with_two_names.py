"""Names that one assignment bound to one number name one object after a loop, too; equal numbers made apart are two."""


def floats(values):
    total, product, last, same = 0, 1.0, None, None
    for value in values:
        total += value
        product *= 1.5
        last = same = product
    return last is same, same is product


def ints(count):
    a = b = 5000000
    i = 0
    while i < count:
        i += 1
        a = b = i + 10000
    return a is b


def broken_off(values, limit):
    x, last, same = 1.0, None, None
    for value in values:
        if x > limit:
            break
        x = x * 1.25 + value
        last = same = x
    return last is same, x is last


def equal_but_two(number):
    x, before = number / 2, 0.0
    while before != x:
        before = x
        x = (x + number / x) / 2
    return before is x


def three(count):
    a = b = c = 0.5
    for i in range(count):
        a = b
        b = c
        c = c * 1.25
    return a is b, b is c, a is c


def seen(count):
    found = []
    a = b = None
    for i in range(count):
        a = b = i * 1.5
        if i % 7 == 3:
            found.append((a is b, a, b))
    return found


for _ in range(300):
    results = (
        floats([1, 2, 3]),
        floats([4] * 40),
        ints(3),
        ints(50),
        broken_off([0.5] * 30, 100.0),
        broken_off([0.5] * 3, 100.0),
        equal_but_two(2.0),
        three(4),
        three(40),
        seen(20),
    )
print(results)
