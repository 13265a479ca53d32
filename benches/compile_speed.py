"""How fast the baseline compiler compiles: every function of a good part of the standard library, cold."""

import argparse
import gc
import importlib
import os
import subprocess
import sys
import types

from whipsnake.bench.measuring import MODULES

MORE = """_pydatetime _pydecimal _pyio _strptime fileinput mimetypes multiprocessing.pool numbers opcode pydoc pyclbr
runpy symtable sysconfig tabnanny timeit tokenize trace tracemalloc wave wsgiref.handlers xml.dom.minidom xml.sax
xmlrpc.client xmlrpc.server zipapp zoneinfo""".split()  # noqa: SIM905


def functions() -> list[types.FunctionType]:
    """One function for each code object."""
    for name in [*MODULES, *MORE]:
        importlib.import_module(name)
    found = {}
    for function in gc.get_objects():
        if type(function) is types.FunctionType:
            found.setdefault(function.__code__, function)
    return list(found.values())


def compile_all(limit: int | None = None) -> None:
    """Compiles them (or so many of them) in this process and prints what that took."""
    import whipsnake

    never = (1 << 31) - 1
    whipsnake.enable(call_threshold=never, loop_threshold=never, code_mb=512)
    every = functions()[:limit]
    for function in every:
        whipsnake.compile_now(function)
    stats = whipsnake.stats()
    print(stats["compiled"], stats["instructions"], stats["bytes"], stats["compile_seconds"])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="processes; the best counts")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        compile_all()
        return
    # The compiler is enabled by the process itself, once it knows the settings.
    env = {name: value for name, value in os.environ.items() if name != "WHIPSNAKE"}
    env["PYTHONHASHSEED"] = "0"
    command = [sys.executable, __file__, "--here"]
    runs = [
        subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        for _ in range(options.times)
    ]
    compiled, instructions, size, seconds = min(runs, key=lambda run: float(run[3]))
    speed, density = int(instructions) / float(seconds), int(size) / int(instructions)
    print(f"{compiled} functions, {instructions} bytecodes in {float(seconds) * 1e3:.1f} ms: {speed / 1e6:.2f} M/s")
    print(f"{density:.1f} bytes of machine code a bytecode")


if __name__ == "__main__":
    main()
