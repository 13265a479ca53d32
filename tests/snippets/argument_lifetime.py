"""A function that lets go of its argument is the last to hold it."""

log = []


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        log.append(self.name)


def taken():
    result = log[:]
    log.clear()
    return result


def lets_go(argument):
    before = taken()
    argument = None
    return before, taken()


for i in range(200):
    print(lets_go(Noisy(i)), taken())


def new_each_time(i):
    def lets_go(argument):
        before = taken()
        argument = None
        return before, taken()

    return lets_go(Noisy(i)), taken()


for i in range(200):
    print(new_each_time(i))


def forms(i):
    """Named arguments, methods, and C functions between, which look at their arguments again."""
    import operator

    def named(*, argument, other):
        before = taken()
        argument = None
        return before, taken(), other

    def rest(*arguments):
        before = taken()
        arguments = None
        return before, taken()

    def compares(one, other):
        name = one.name < other.name
        one = other = None
        return name

    class Holder:
        def method(self, argument):
            self = None
            before = taken()
            argument = None
            return before, taken()

        def __del__(self):
            log.append("holder")

    import functools

    print(named(argument=Noisy(i), other=1), taken())
    print(rest(Noisy(i), Noisy(-i)), taken())
    print(Holder().method(Noisy(i)), taken())
    bound = Holder().method
    print(bound(Noisy(i)), taken())
    print(operator.call(lets_go, Noisy(i)), taken())
    print(max(Noisy(i), Noisy(i + 1), key=lambda noisy: noisy.name).name, taken())
    print(sorted([Noisy(i), Noisy(i - 1)], key=functools.cmp_to_key(compares))[0].name, taken())
    print(functools.partial(lets_go, Noisy(i))(), taken())
    try:
        lets_go(Noisy(i), 2)
    except TypeError as error:
        print(error, taken())
    try:
        named(argument=Noisy(i))
    except TypeError as error:
        print(error, taken())


for i in range(200):
    forms(i)
