"""How fast the baseline compiler compiles: bytecodes of the code objects it is given for each second that it takes,
decoding and memory included.

First every function of a good part of the standard library, none of which has run, so that all of it becomes machine
code. Then what gets warm in the everyday programs, where blocks that never ran are left out (and count: they are
decoded and judged), and where a process compiles little, with what the program does in between.

A virtual machine may have given memory that nobody uses back to its host; the first program to touch it then waits for
the host, 4.5 ms instead of 0.1 for 2 MiB where that was measured, and 40 MiB are touched here. So memory is touched
before each measure, and `--as-is` leaves that out.
"""

import argparse
import gc
import importlib
import mmap
import os
import subprocess
import sys
import types
from pathlib import Path

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
    tell()


def run_program(name: str) -> None:
    """Runs an everyday program as a user would, and prints what compiling took."""
    sys.path.insert(0, str(Path(__file__).parent / "everyday"))
    module = importlib.import_module(name)
    for _ in range(2):
        module.run()
    tell()


def tell() -> None:
    """Prints what was compiled, and how long that took."""
    import whipsnake

    stats = whipsnake.stats()
    print(stats["compiled"], stats["instructions"], stats["bytes"], stats["compile_seconds"])


def touch_memory() -> None:
    """Has the host of this machine, if there is one, give it more memory than a measure needs, and frees it."""
    mmap.mmap(-1, 1 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE).close()


def measure(arguments: list[str], settings: dict[str, str], times: int, as_is: bool) -> tuple[int, int, int, float]:
    """The best of some processes: functions, bytecodes, bytes, seconds."""
    # The compiler is enabled by the process itself where it must know the settings.
    env = {name: value for name, value in os.environ.items() if not name.startswith("WHIPSNAKE")}
    env.update(settings, PYTHONHASHSEED="0")
    command = [sys.executable, __file__, *arguments]
    runs = []
    for _ in range(times):
        if not as_is:
            touch_memory()
        run = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
        runs.append(run.stdout.split()[-4:])
    compiled, instructions, size, seconds = min(runs, key=lambda run: float(run[3]))
    return int(compiled), int(instructions), int(size), float(seconds)


def report(what: str, compiled: int, instructions: int, size: int, seconds: float) -> None:
    """A line for a measure."""
    speed, density = instructions / seconds, size / instructions
    print(f"{what}: {compiled} functions, {instructions} bytecodes in {seconds * 1e3:.1f} ms: {speed / 1e6:.2f} M/s")
    print(f"  {density:.1f} bytes of machine code a bytecode")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="processes; the best counts")
    parser.add_argument("--as-is", action="store_true", help="touch no memory before")
    parser.add_argument("--here", nargs="?", const="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here is not None:
        run_program(options.here) if options.here else compile_all()
        return
    report("standard library, all of it", *measure(["--here"], {}, options.times, options.as_is))
    programs = sorted(path.stem for path in (Path(__file__).parent / "everyday").glob("[a-z]*.py"))
    each = [measure(["--here", name], {"WHIPSNAKE": "1"}, 2, options.as_is) for name in programs]
    compiled, instructions, size, seconds = (sum(column) for column in zip(*each, strict=True))
    report("everyday programs, what ran", int(compiled), int(instructions), int(size), seconds)


if __name__ == "__main__":
    main()
