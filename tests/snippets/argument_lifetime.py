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
