"""A module that is given another class while hot code reads its attributes: the class's property comes first, and no dict has changed."""

import types

module = types.ModuleType("module")
module.value = 1
Asked = type("Asked", (types.ModuleType,), {"value": property(lambda self: "property")})


def use():
    return module.value


def run(count):
    out = []
    for number in range(count):
        out.append((use(), module.value))
        if number == count // 2:
            module.__class__ = Asked
    module.__class__ = types.ModuleType
    return out[count // 2 - 1 : count // 2 + 3], out.count((1, 1))


print([run(400) for _ in range(8)])
