"""`id(x)`: the number itself, refusals of audit hooks, and other functions of that name."""

import builtins
import sys

ROUNDS = 300


def one(x):
    return id(x)


def same(things):
    return len({id(thing) for thing in things}), id(things[0]) == id(things[0]), id(things) % 8


things = [object() for _ in range(20)]
for k in range(ROUNDS):
    assert one(k) == builtins.id(k) and one(None) == id(None)
print(same(things), same(things * 2), type(one(3)), one(things) in {id(things)}, hash(one(things)) == one(things))
memo = {id(thing): k for k, thing in enumerate(things)}
print(sum(memo[one(thing)] for thing in things), one("absent") in memo)
try:
    id()
except TypeError as error:
    print(error)

seen = []
refuse = False


def hook(event, args):
    if event == "builtins.id":
        if refuse:
            raise RuntimeError("no")
        seen.append(args[0])


sys.addaudithook(hook)
known = builtins.id(things)
del seen[:]
print(one(things) == known, seen == [known], len(args := [one(thing) for thing in things]), seen[1:] == args)
refuse = True
for _ in range(ROUNDS):
    try:
        one(things)
    except RuntimeError as error:
        said = str(error), error.__traceback__.tb_next.tb_lineno
print(said)
refuse = False


def id(x):
    return "mine"


print(one(things))
