"""Items by constants that are negative: read, stored, past the beginning, in sequences that shrink and change their type."""


def last(sequence, rounds):
    total = 0
    for _ in range(rounds):
        total += sequence[-1] + sequence[-2]
    return total


def letters(text, rounds):
    out = ""
    for _ in range(rounds):
        out = text[-1] + text[-3]
    return out


def set_last(items, rounds):
    for n in range(rounds):
        items[-1] = items[-2] + n
    return items


def shrinks(items):
    seen = []
    while True:
        seen.append(items[-2])
        items.pop()
    return seen


def stack_machine(rounds):
    stack = [0]
    for n in range(rounds):
        stack.append(stack[-1] + n)
        if len(stack) > 5:
            top = stack.pop()
            stack[-1] = stack[-1] ^ top
    return stack


class Counted(list):
    def __getitem__(self, index):
        return index


def shown(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error} at {error.__traceback__.tb_next.tb_lineno}"


for _ in range(60):
    results = [
        shown(last, [1, 2, 3], 40),
        shown(last, (1.5, 2.5), 40),
        shown(letters, "abc", 40),
        shown(set_last, [1, 2, 3], 40),
        shown(shrinks, list(range(40))),
        shown(stack_machine, 60),
    ]
print(*results, sep="\n")
for things in ([5], [], (7,), Counted([1]), {-1: 3, -2: 4}, b"ab", range(9), [2**70, -(2**70)], "xy", None):
    print(shown(last, things, 50))
for text in ("ab", "", "häß", "日本語", ["p", "q", "r"]):
    print(shown(letters, text, 50))
print(shown(set_last, [1], 50), shown(set_last, [1, "x"], 50), shown(set_last, (1, 2), 50))
items = [object(), [1]]
print(items[-1] is items[1], all(items[-2] is items[0] for _ in range(500)))
