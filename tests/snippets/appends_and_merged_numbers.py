"""Lists that loops fill: of numbers that ways merge, of what has a finalizer, of the list itself; and variables that only some ways assign."""

import sys


def smallest(a, b):
    """Three numbers, of which the least is appended."""
    previous = list(range(1000, 1000 + len(b) + 1))
    for i in range(1, len(a) + 1):
        current = [i]
        for j in range(1, len(b) + 1):
            cost = previous[j - 1] + (0 if a[i - 1] == b[j - 1] else 1)
            if previous[j] + 1 < cost:
                cost = previous[j] + 1
            if current[j - 1] + 1 < cost:
                cost = current[j - 1] + 1
            current.append(cost)
        previous = current
    return previous


print(smallest("kitten sitting on the mat" * 4, "sitting kitten at the mall" * 4)[-5:])
print(smallest("käse" * 30, "kuchen" * 10)[-5:])


def merged_floats(values):
    out = []
    for x in values:
        y = x * 1.5
        if y > 100.0:
            y = y - 100.0
        elif y < 10.0:
            y = -y
        out.append(y)
        out.append(y)
    return out


result = merged_floats([float(i) for i in range(200)] * 5)
print(sum(result), len(result), result[2] is result[3], sys.getrefcount(result[2]))


def merged_with_objects(values):
    """A way hands on an object that is there already."""
    out = []
    for x in values:
        y = x
        if x % 3 == 0:
            y = x * 100000
        out.append(y)
    return out


values = [i * 1000 for i in range(300)]
result = merged_with_objects(values * 4)
print(sum(result), result[1] is values[1], result[4] is values[4], result[3] is values[3])


def merged_and_kept(n):
    """The number is looked at after it was appended, and in an exit."""
    out = []
    total = 0
    for i in range(n):
        a = i * 3000
        if i & 1:
            a = a + 70000
        out.append(a)
        if out[-1] is not a:
            total += 1
        total += a
        if i == n - 1:
            return total, a, out[-1] is a, locals()["a"]
    return None


print(merged_and_kept(1500))


def overflowing(n):
    out = []
    a = 1
    for i in range(n):
        b = a * 3
        if b > 1 << 60:
            b = b - (1 << 59)
        out.append(b)
        a = b if i % 50 else 1
    return out


print(sum(overflowing(2000)))


def turns_to_text(n):
    out = []
    for i in range(n):
        x = i * 1000 if i < n - 3 else str(i)
        if i % 2:
            x = x * 2
        out.append(x)
    return out[-5:]


print(turns_to_text(2000))


class Loud:
    def __init__(self, number):
        self.number = number

    def __del__(self):
        dropped.append(self.number)


dropped = []


def loud(n):
    kept = []
    for i in range(n):
        kept.append(Loud(i))
        if len(kept) > 5:
            kept = []
    return len(kept)


print(loud(500), len(dropped), dropped[:12])


def append_itself(n):
    out = []
    for i in range(n):
        out.append(out)
        out.append(i)
    return out


result = append_itself(400)
print(len(result), result[0] is result, result[-1])
del result


class Derived(list):
    def append(self, item):
        super().append(item * 2)


def append_to(out, n):
    for i in range(n):
        out.append(i)
    return out


for out in [[], [], [], Derived(), [], Derived()]:
    print(sum(append_to(out, 600)), end=" ")
print()
try:
    append_to(None, 5)
except AttributeError as error:
    print(error)
try:
    append_to((), 5)
except AttributeError as error:
    print(error)


def while_sorted():
    """The key function appends to the list that is being sorted."""
    numbers = list(range(300))

    def key(x):
        if x == 150:
            for i in range(40):
                numbers.append(i)
        return -x

    try:
        numbers.sort(key=key)
    except ValueError as error:
        return str(error), len(numbers)
    return "not noticed"


for _ in range(5):
    print(while_sorted())


def comprehensions(n):
    pairs = [(i, [i, i + 1.5]) for i in range(n) if i % 3]
    table = [[column * row for column in range(7)] for row in range(n)]
    return pairs[-1], table[-1], sum(map(sum, table))


for _ in range(30):
    result = comprehensions(100)
print(result)


def displays(n):
    kept = []
    for i in range(n):
        one = [i]
        two = [i * 1000, i * 0.5]
        none = []
        many = [i, i, i, i, i, i, i, i, i, i, i, i]
        none.append(two)
        kept = [one, two, none, many, kept[:1]]
    return kept, [sys.getsizeof(each) - sys.getsizeof([]) for each in kept[:2]]


print(displays(1000))


def conditional_counts(flags):
    """Some ways assign the counts; at the end one is something else."""
    count = 0
    ratio = 0.0
    last = None
    for flag in flags:
        if flag:
            count += 1
            ratio = ratio + 0.25
            last = flag
    return count, ratio, last


print(conditional_counts([True, False, False] * 700))
print(conditional_counts([False] * 2000 + [True] * 2000))
print(conditional_counts([False, 1, "x", None, 2.5, []] * 400))


def starts_as_none(values):
    best = None
    for value in values:
        if best is None or value < best:
            best = value
    return best


for _ in range(20):
    print(starts_as_none([-i * 500 for i in range(200)]), starts_as_none([]), starts_as_none([2.5, 1]), end=" ")
print()


def number_or_none(values):
    total = None
    for value in values:
        if value > 0:
            total = value if total is None else total + value
    return total


print(number_or_none([-1] * 3000), number_or_none([-1, 5] * 1500), number_or_none([-1] * 3000))


def bools(n):
    a, b = True, False
    flags = []
    for i in range(n):
        flags.append(a)
        a, b = b, a
        if flags[i]:
            b = flags[i] is True
    return a, b, flags.count(True)


print(bools(2001))


def characters(text, other):
    same = 0
    for i in range(len(text)):
        c = text[i]
        if c == other[i]:
            same += 1
        if c != "a" and "b" != c:
            same += 100
        if c == "":
            same += 10000
        if c == "ab":
            same += 1000000
    return same


print(characters("abcabcxyz" * 60, "abdabcxyy" * 60))
print(characters("abcabcxyé" * 60, "abdabcxyé" * 60))
print(characters("ab\u20acabc" * 60, "ab\u20acabd" * 60))
