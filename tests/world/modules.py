"""Modules that change: reloaded, attributes rebound, `__getattr__` added later, replaced in `sys.modules`, the import hook."""

import builtins
import importlib
import os
import sys
import tempfile
import types

folder = tempfile.TemporaryDirectory()
sys.path.insert(0, folder.name)
sys.dont_write_bytecode = True


def write(text):
    with open(os.path.join(folder.name, "changing.py"), "w") as file:
        file.write(text)
    importlib.invalidate_caches()


write("value = 1\ndef get(): return value\nclass Thing:\n    def tag(self): return 'first'\n")
import changing  # noqa: E402
from changing import Thing, get  # noqa: E402


def use():
    return changing.value, changing.get(), get(), changing.Thing().tag(), Thing().tag(), Thing is changing.Thing


def missing():
    try:
        return changing.nothing
    except AttributeError as error:
        return str(error)


def inside():
    import changing as inner
    from changing import value

    return inner.value, value


def reloads(n):
    out = []
    for i in range(n):
        out.append((use(), missing(), inside()))
        if i == n // 8:
            write("value = 'second'\ndef get(): return [value]\nclass Thing:\n    def tag(self): return 'second'\n")
            importlib.reload(changing)
        if i == n * 2 // 8:
            changing.value = 2.5
        if i == n * 3 // 8:
            changing.__getattr__ = lambda name: "asked " + name
        if i == n * 4 // 8:
            del changing.__getattr__
            changing.__dict__["nothing"] = "something"
        if i == n * 5 // 8:
            changing.__class__ = type("Module", (types.ModuleType,), {"value": property(lambda self: "property")})
        if i == n * 6 // 8:
            changing.__class__ = types.ModuleType
            sys.modules["changing"] = types.SimpleNamespace(value="namespace")
        if i == n * 7 // 8:
            sys.modules["changing"] = changing
            del changing.nothing
    return out


def hooked(n):
    out, real = [], builtins.__import__

    def hook(name, *rest):
        return types.SimpleNamespace(value="hooked " + name) if name == "changing" else real(name, *rest)

    for i in range(n):
        out.append(inside())
        if i == n // 3:
            builtins.__import__ = hook
        if i == n * 2 // 3:
            builtins.__import__ = real
    return out


def starred(n):
    out = []
    for i in range(n):
        changing.__all__ = ["value"] if i % 2 else ["get", "value"]
        changing.value = i
        space = {}
        exec("from changing import *\nresult = value", space)
        out.append(sorted(name for name in space if name != "__builtins__") + [space["result"]])
    del changing.__all__
    return out


for repeat in range(2):
    write("value = 1\ndef get(): return value\nclass Thing:\n    def tag(self): return 'first'\n")
    importlib.reload(changing)
    print(reloads(400))
    print(hooked(240))
    print(starred(40))
