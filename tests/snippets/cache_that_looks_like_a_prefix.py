"""The branch history in the cache of a conditional jump may look like an EXTENDED_ARG in front of the next instruction, where a region is left."""

SOURCE = """
def draw(values, limit):
    value = next(values)
    while value >= limit:
        value = next(values)
    return value
"""


def rounds(*counts):
    """For each call, values that make the loop's condition hold so often."""
    for count in counts:
        yield from [9] * count
        yield 1


def function():
    namespace = {}
    exec(compile(SOURCE, "<draw>", "exec"), namespace)
    return namespace["draw"]


# 71 is EXTENDED_ARG: the last eight times the jump at the end was (not) taken 0, 1, 0, 0, 0, 1, 1, 1.
TAKEN = (2, 4, 1, 1)
NOT_TAKEN = (1, 2, 1, 1, 4)


def mixed(number):
    return [(number * 7 + k * k) % 5 for k in range(400)]


results = []
for pattern in (TAKEN, NOT_TAKEN):
    for before in range(14):
        draw = function()
        for counts in ([1] * before, pattern, [0, 1, 3] * 3, mixed(before)):
            values = rounds(*counts)
            results.append(sum(draw(values, 5) for _ in counts))
print(results)
