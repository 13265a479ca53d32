"""Loops over enumerate(...) of lists and tuples, whose numbers compiled code keeps in registers."""

import sys
import weakref

ROUNDS = 60


class Counted(enumerate):
    pass


def pairs(items, start):
    found = []
    for _ in range(ROUNDS):
        found = []
        for number, item in enumerate(items, start):
            found.append((number, item))
    return found


def total(items):
    sum_ = 0
    for _ in range(ROUNDS):
        for number, item in enumerate(items):
            sum_ += number * item
    return sum_


def kept(items):
    found = []
    for pair in enumerate(items):
        found.append(pair)
    for pair in enumerate(items):
        found.append(pair[0])
    return found[:2], found[-2:], len({id(pair) for pair in found[: len(items)]}) == len(items)


def shared(items):
    found = []
    numbered = enumerate(items)
    for number, item in numbered:
        found.append(number)
        if number % 7 == 3:
            found.append(next(numbered, None))
        if number > len(items) - 30:
            break
    for number, item in numbered:
        found.append(-number)
    for number, item in numbered:
        found.append("again")
    return found[-12:], len(found)


def changing(items):
    items = list(items)
    found = 0
    for number, item in enumerate(items):
        found += number
        if number == 40:
            items.append(1000)
        if number == 60:
            del items[70:]
        if item == 33:
            items[34] = "text"
    return found, number, item


def into_generator(items):
    for number, item in enumerate(items):
        yield number, item


def given(numbered):
    found = 0
    for number, item in numbered:
        found += number + item
    return found


def ends(items):
    class Ended:
        def __del__(self):
            ended.append(len(ended))

    ended = []
    numbered = None
    for _ in range(ROUNDS):
        for number, item in enumerate([Ended(), Ended()]):
            item = None
    return len(ended)


class Watched:
    pass


def alive(watched):
    """Which items still live at the end of a loop that drops them."""
    seen = [weakref.ref(item) for item in watched]
    for number, item in enumerate(watched):
        watched[number] = item = None
        if number == len(watched) - 1:
            return [number for number, reference in enumerate(seen) if reference() is not None]


def looking(n):
    found = []
    for number, item in enumerate(list(range(n))):
        frame = sys._getframe()
        found.append((frame.f_locals["number"], frame.f_locals["item"]))
    return found[-3:]


def wrong(value, *start):
    try:
        for _ in range(ROUNDS):
            for number, item in enumerate([1, 2]):
                pass
        for number, item in enumerate(value, *start):
            pass
        return number, item
    except (TypeError, ValueError) as error:
        return type(error).__name__, str(error)


def main():
    large = (1 << 63) - 3
    for items in ([], [1], list("abcde"), tuple("abcdef"), range(4), "text", {1: 2, 3: 4}):
        for start in (0, 5, -2, large, 1 << 70):
            print(pairs(items, start)[-4:])
    print(total(list(range(90))), total(tuple(range(90))), total([1.5, 2, 3.25]), total([True, 1 << 70]))
    print(kept(list(range(150))))
    print(shared(list(range(200))), shared(tuple(range(200))))
    print(changing(range(150)))
    print(list(into_generator(list("ab" * 80)))[-2:])
    print([given(kind(list(range(100)))) for kind in (enumerate, Counted, enumerate, lambda items: zip(items, items))])
    print([given(enumerate(items)) for items in ([1] * 90, (1,) * 90, [2.5] * 90, {1: 1}, iter([1, 2]))])
    print(ends([1, 2]))
    print([alive([Watched() for _ in range(300)]) for _ in range(3)])
    print(looking(120))
    print(wrong(5), wrong([1]), wrong([1, 2], "a"), wrong(["ab"], None), wrong([(1, 2)], 3))


main()
