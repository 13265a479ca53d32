"""A value that was loaded from a class, which gets another one before it is used: the load must hold it.

Found by reading: the store dropped the class's reference where optimized code did not see it."""


class State:
    number = 1000.5
    text = "x1"
    data = b"y1"
    large = 10**20


def next_number(i):
    State.number = i * 1.25 + 0.1
    return 2.0


def next_text(i):
    State.text = "t" + str(i)
    return "zz" + str(i * 3)


def next_data(i):
    State.data = b"%d!" % i
    return b"%d?" % (i * 7)


def next_large(i):
    State.large = 10**20 + i
    return 10**21 - i


def numbers(count):
    total = 0.0
    for i in range(count):
        total += State.number * next_number(i)
    return total


def texts(count):
    size = 0
    last = None
    for i in range(count):
        last = State.text + next_text(i)
        size += len(last)
    return size, last


def bytes_of(count):
    size = 0
    for i in range(count):
        before = State.data
        other = next_data(i)
        size += before[0] + other[0] + len(before)
    return size


def larges(count):
    total = 0
    for i in range(count):
        total ^= State.large * next_large(i)
    return total


def exchanged(count):
    """The old value lives on in a list, in a tuple, and as the variable's own value again."""
    kept = []
    for i in range(count):
        old = State.text
        State.text = "v" + str(i)
        other = "w" + str(i)
        kept.append((old, other, State.text))
        if i % 5 == 0:
            State.text = old
    return kept[-3:], len(set(kept))


for round in range(6):
    for run in (numbers, texts, bytes_of, larges, exchanged):
        print(run.__name__, run(700))
print(State.number, State.text, State.data, State.large)
