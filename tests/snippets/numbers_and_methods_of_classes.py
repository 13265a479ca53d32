"""What regions know of classes' numbers and methods, while these are changed: numbers, code, defaults, wrappers, functions with other globals."""

import types


class Direction:
    NONE = 0
    FORWARD = 1
    FAR = 10**30
    SCALE = 0.5
    FLAG = True


class Step:
    def __init__(self, direction):
        self.direction = direction
        self.count = 0

    def is_forward(self):
        if self.direction == Direction.FORWARD:
            return True
        return False

    def scaled(self, by=2):
        return self.count * by * Direction.SCALE

    @staticmethod
    def fixed():
        return PLACE


PLACE = "here"
other_module = types.ModuleType("other")
exec("PLACE = 'there'\ndef is_forward(self):\n    return PLACE\ndef fixed():\n    return PLACE", other_module.__dict__)


class Odd(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def count(steps, rounds, at, change):
    seen = []
    for i in range(rounds):
        if i == at:
            change()
        for step in steps:
            found = step.is_forward()
            step.count += found is True
            if not seen or seen[-1] != found:
                seen.append(found)
    return [step.count for step in steps], seen[:6], len(seen)


def changed(name, value):
    def change():
        setattr(Direction, name, value)

    return change


def steps():
    return [Step(0), Step(1), Step(2)]


for value in (2, True, 1.0, 0.0, "1", None, Odd(5), 10**25, 1):
    print(repr(value), count(steps(), 300, 250, changed("FORWARD", value)))


def sums(rounds):
    total = 0
    for i in range(rounds):
        total += Direction.NONE + Direction.FORWARD + (Direction.FAR > i) + Direction.FLAG
        if i == rounds - 20:
            Direction.NONE = -7
        if i == rounds - 10:
            Direction.NONE = 2**62
        if i == rounds - 5:
            Direction.FLAG = 3
    Direction.NONE, Direction.FLAG = 0, True
    return total, type(total)


for rounds in (300, 600):
    print(sums(rounds))


def identities(rounds):
    kept = []
    for i in range(rounds):
        far, one = Direction.FAR, Direction.FORWARD
        if i > rounds - 3:
            kept.append((far is Direction.FAR, one is Direction.FORWARD, far + one))
    return kept


print(identities(300))


# The method's code changes, or its defaults; then the class has another function, with other globals.
kept_code = Step.is_forward.__code__


def new_code():
    Step.is_forward.__code__ = (lambda self: self.direction).__code__


print(count(steps(), 300, 250, new_code))
Step.is_forward.__code__ = kept_code


def scaled(step, rounds):
    total = []
    for i in range(rounds):
        step.count = i
        total.append(step.scaled())
        if i == rounds - 20:
            Step.scaled.__defaults__ = (100,)
        if i == rounds - 10:
            Direction.SCALE = 2
    Direction.SCALE = 0.5
    Step.scaled.__defaults__ = (2,)
    return sum(total), total[-3:]


print(scaled(Step(1), 300), scaled(Step(1), 300))


def other_function():
    Step.is_forward = other_module.is_forward


print(count(steps(), 300, 250, other_function))


# A wrapper is given another function with the same code, and other globals.
def places(step, rounds):
    seen = []
    wrapper = Step.__dict__["fixed"]
    kept = wrapper.__func__
    for i in range(rounds):
        place = step.fixed()
        if not seen or seen[-1] != place:
            seen.append(place)
        if i == rounds - 20:
            wrapper.__init__(other_module.fixed)
        if i == rounds - 10:
            wrapper.__init__(types.FunctionType(kept.__code__, {"PLACE": "elsewhere"}))
    wrapper.__init__(kept)
    return seen


print(places(Step(1), 300), places(Step(1), 300))
