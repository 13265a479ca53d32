"""Methods of instances whose attributes are in a dict, and what hides them."""


class Counter(dict):
    kind = "counter"

    def __init__(self):
        self.step = 1

    def add(self, n):
        return n + self.step


class Wide:
    """More attributes than fit into instances."""

    def __init__(self):
        for number in range(40):
            setattr(self, f"a{number}", number)

    def add(self, n):
        return n + self.a1

    @property
    def doubled(self):
        return self.a2 * 2


class Plain:
    def __init__(self, step):
        self.step = step

    def add(self, n):
        return n + self.step


class Late(Exception):
    def add(self, n):
        return n + len(self.args)


def total(thing, count=300):
    result = 0
    for n in range(count):
        result += thing.add(n)
    return result


def mixed(things, count=300):
    result = 0
    for n in range(count):
        result += things[n % len(things)].add(n)
    return result


def kinds(thing):
    found = []
    for n in range(200):
        if n == 150:
            thing.kind = "own"
        found.append(thing.kind)
    return sorted(set(found)), found.count("own")


def doubled(thing):
    result = 0
    for n in range(200):
        result += thing.doubled
        if n == 100:
            thing.__dict__["doubled"] = "hidden by the property"
    return result


def hides(thing, how):
    result = 0
    for n in range(300):
        if n == 200:
            how(thing)
        result += thing.add(n)
    return result


class Name:
    """Equal to a name, but no string."""

    def __init__(self, text):
        self.text = text
        self.asked = 0

    def __hash__(self):
        return hash(self.text)

    def __eq__(self, other):
        self.asked += 1
        return self.text == other


class Own(dict):
    pass


def materialised(step):
    thing = Plain(step)
    vars(thing)["step"] = step
    return thing


def converted(step):
    thing = Plain(step)
    thing.__dict__ = {"step": step, "other": None}
    return thing


def own_dict(step):
    thing = Plain(step)
    thing.__dict__ = Own(step=step)
    return thing


def hide_by_attribute(thing):
    thing.add = lambda n: -n


def hide_by_other_key(thing):
    thing.__dict__[Name("add")] = lambda n: 2 * n


def change_class(thing):
    type(thing).add = lambda self, n: n * 3


def main():
    print(total(Counter()), total(Wide()), total(Plain(2)), total(Late(1, 2)))
    for make in (materialised, converted, own_dict):
        print(make.__name__, total(make(3)))
    print(mixed([Plain(1), materialised(2), converted(3), own_dict(4), Counter(), Wide(), Late()]))
    print(kinds(Counter()), kinds(converted(1)) if hasattr(Plain, "kind") else None)
    print(doubled(Wide()))
    for make in (Counter, Wide, Late, lambda: materialised(1), lambda: converted(1), lambda: own_dict(1)):
        print(hides(make(), hide_by_attribute), hides(make(), hide_by_other_key))
    for make in (Counter, Wide, Late, lambda: converted(1)):
        thing = make()
        before = type(thing).add
        print(hides(thing, change_class))
        type(thing).add = before
    key = Name("add")
    thing = converted(5)
    thing.__dict__[key] = lambda n: n + 100
    print(total(thing), key.asked)
    del thing.__dict__["add"]
    print(total(thing))


for _ in range(3):
    main()
