"""Methods of built-in types that are called on instances of classes made of these, and `super` on ways for one of several classes."""

import random

ROUNDS = 600


class Mine(random.Random):
    pass


class Deep(Mine):
    def random(self):
        return 0.5


class Words(str):
    pass


class Items(list):
    def copy(self):
        return "mine", super().copy()


class Base:
    def cost(self, by):
        return 10 + by

    @property
    def kind(self):
        return "base"


class Half(Base):
    def cost(self, by):
        return super().cost(by) / 2

    @property
    def kind(self):
        return "half"


class Twice(Base):
    def cost(self, by):
        return super().cost(by) * 2

    @property
    def kind(self):
        return "twice"


def total(rng, rounds):
    found = 0.0
    for _ in range(rounds):
        found += rng.random()
    return round(found, 6)


def lengths(words):
    return sum(len(word.strip().upper()) for word in words)


def copies(lists):
    return [each.copy() for each in lists][-3:]


def of_each_class(items):
    found, kinds = 0, set()
    for item in items:
        found += item.cost(3)
        kinds.add(item.kind)
    return found, sorted(kinds)


for _ in range(3):
    print([total(rng, ROUNDS) for rng in (random.Random(1), Mine(2), Deep(3), random.Random(4))])
    print(lengths([" a ", Words(" bc "), "def"] * ROUNDS))
    print(copies([[1], Items([2]), [3]] * ROUNDS))
    print(of_each_class([Base(), Half(), Twice(), Half()] * ROUNDS))
    try:
        random.Random.random(5)
    except TypeError as error:
        print(error)
    try:
        print([str.upper(x) for x in ["a"] * ROUNDS + [Words("b"), 5]])
    except TypeError as error:
        print(error)
