"""Loops that several instructions jump back to, which share one region: whatever makes it fail, and whoever enters it."""


def sort_out(values):
    small, even, rest = 0, 0, []
    for x in values:
        if x < 10:
            small += x
            continue
        if x % 2 == 0:
            even += x
            continue
        rest.append(x)
    return small, even, rest


def by_turns(values, limit):
    # Now one jump back is the one that comes around, now the other.
    a = b = 0
    for i, x in enumerate(values):
        if i // 500 % 2:
            a = a + x
            continue
        b = b + x * 2
        if b > limit:
            b = 0
    return a, b


def with_a_handler(values):
    total, bad = 0, []
    for x in values:
        try:
            total += 100 // x
        except ZeroDivisionError:
            bad.append(total)
            continue
        except TypeError as error:
            bad.append(str(error))
            continue
        if x > 50:
            continue
        total -= 1
    return total, bad[:5], len(bad)


def counted_down(n):
    seen = 0
    while n:
        n -= 1
        if n % 3 == 0:
            continue
        if n % 5 == 0:
            seen += 1
            continue
        seen += n
    return seen


def nested(rows):
    out = 0
    for row in rows:
        if not row:
            continue
        for x in row:
            if x is None:
                continue
            if x < 0:
                break
            out += x
        else:
            out += 1
            continue
        out -= 1
    return out


def filtered(values):
    for x in values:
        if x % 7 == 0:
            continue
        if x % 5 == 0:
            yield -x
            continue
        yield x


class Text:
    def __init__(self, text):
        self.text = text

    def __lt__(self, other):
        return len(self.text) < other

    def __mod__(self, other):
        return len(self.text) % other

    def __radd__(self, other):
        return other + len(self.text)


def run():
    numbers = [(i * 37) % 101 for i in range(3000)]
    for _ in range(3):
        print(sort_out(numbers)[:2], len(sort_out(numbers)[2]))
        print(by_turns(numbers, 10_000))
        print(with_a_handler(numbers))
        print(counted_down(3000))
        print(nested([numbers, [], [None, 3, -1], [1, None], numbers[:50]] * 20))
        print(sum(filtered(numbers)))
    # Types that the loops had not seen: each way fails in turn, and in the middle of a loop.
    mixed = numbers[:1000] + [x * 0.5 for x in numbers[:1000]] + [Text("ab" * (x % 20)) for x in numbers[:1000]]
    for _ in range(3):
        small, even, rest = sort_out(mixed)
        print(small, even, len(rest))
        print(by_turns([*numbers, *(x * 0.25 for x in numbers), 2**70], 1e4))
        print(with_a_handler([*numbers[:1500], *"abc", None, *(x * 1.5 for x in numbers)]))
        print(nested([[x * 0.5 for x in numbers], (), (True, None, False), [2**65, -1]] * 20))
        print(sum(filtered([*numbers, *(float(x) for x in numbers)])))
    print(sort_out(numbers)[:2], by_turns(numbers, 10_000), counted_down(2999))


run()
