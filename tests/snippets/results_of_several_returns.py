"""Methods that return one of several attributes, whose results are used and dropped at once, while what holds these objects changes."""

import sys
import weakref

log = []


class Thing:
    def __init__(self, name):
        self.name = name
        self.value = 0


class Loud(Thing):
    def __del__(self):
        log.append(("end", self.name))


class Link:
    def __init__(self, first, second):
        self.first = first
        self.second = second
        self.forward = True

    def output(self):
        if self.forward:
            return self.second
        return self.first

    def input(self):
        if self.forward:
            return self.first
        return self.second

    def any_of(self, number):
        if number == 0:
            return None
        if number == 1:
            return self.first
        if number == 2:
            return self.second
        return number * 2.5

    def take(self):
        """The attribute's own reference is the last one, but for the result's."""
        if self.forward:
            thing, self.first = self.first, None
            return thing
        thing, self.second = self.second, None
        return thing

    def execute(self):
        self.output().value = self.input().value + 1


def run(links, rounds):
    total = 0
    for i in range(rounds):
        for link in links:
            link.forward = i % 3 != 0
            link.execute()
            total += link.output().value - link.input().value
    return total


a, b, c = Thing("a"), Thing("b"), Thing("c")
links = [Link(a, b), Link(b, c), Link(a, c)]
before = [sys.getrefcount(thing) for thing in (a, b, c)]
print(run(links, 400), a.value, b.value, c.value)
print([sys.getrefcount(thing) for thing in (a, b, c)] == before)


def mixed(link, rounds):
    kinds = {}
    for i in range(rounds):
        found = link.any_of(i % 4)
        kinds[type(found).__name__] = kinds.get(type(found).__name__, 0) + 1
        if found is not None and i % 4 != 3:
            found.value += i
    return kinds, found


print(mixed(links[0], 400)[0], a.value, b.value)
print([sys.getrefcount(thing) for thing in (a, b, c)] == before)


# The result is the last reference: it ends where the loop drops it, in this order.
def taken(rounds):
    names = []
    for i in range(rounds):
        link = Link(Loud(("first", i)), Loud(("second", i)))
        link.forward = i % 2 == 0
        names.append(link.take().name)
        if i > rounds - 4:
            log.append(("after", i))
    return len(names), names[-1]


print(taken(300), len(log), log[-12:])
log.clear()


# An attribute that is replaced while the method's result is in use.
class Restless(Link):
    def output(self):
        if self.forward:
            return self.second
        return self.first

    def set(self, value):
        self.second = Loud(value)
        return value


def replaced(link, rounds):
    last = None
    for i in range(rounds):
        out = link.output()
        out.value = link.set(i)
        last = link.output().name, out.name if i else None, out.value
    return last


print(replaced(Restless(Thing("x"), Loud("y")), 300), len(log), log[:3])
log.clear()


# The method is taken from its class while it runs, and others take its place.
def vanishing(rounds):
    class Short:
        def __init__(self):
            self.left, self.right = Thing("l"), Thing("r")

        def pick(self, i):
            if i == rounds - 5:
                Short.pick = lambda self, i: self.left
            if i & 1:
                return self.left
            return self.right

    ended = weakref.ref(Short.pick, lambda _: log.append("gone"))
    short, names = Short(), []
    for i in range(rounds):
        names.append(short.pick(i).name)
        if log and log[-1] == "gone":
            log.append(i)
    return "".join(names[-8:]), ended() is None


print(vanishing(400), log)


# An exception on one of the ways, and a type that comes late.
def late(links, rounds):
    caught = 0
    for i in range(rounds):
        link = links[i % len(links)]
        try:
            if i == rounds - 3:
                link.second = None
            if i == rounds - 2:
                link.second = Loud("late")
            link.forward = True
            link.execute()
        except AttributeError as error:
            caught += 1
            where = str(error)
    return caught, where


log.clear()
print(late(links[:1], 300), links[0].second.value, log)
print([sys.getrefcount(thing) for thing in (a, b, c)])


def watched(link, rounds):
    """Somebody looks at the locals in the midst."""
    seen = []
    for i in range(rounds):
        out = link.output()
        if i > rounds - 3:
            seen.append((sorted(sys._getframe().f_locals), sys._getframe().f_locals["out"] is link.second))
        out.value = i
    return seen


links[0].second = b
print(watched(links[0], 300))
