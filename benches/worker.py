"""Measures one program in this process and prints JSON. Started afresh for each measurement by `compare.py`.

The compiler is on or off by this process's environment; nothing here turns it on.
"""

import argparse
import json
import os
import runpy
import sys
from collections.abc import Callable
from typing import Any

import core_set
import fake_pyperf


class Measured(Exception):
    """Ends the program once its benchmark was measured."""


def calibrate(run: Callable[[int], float], seconds: float) -> tuple[int, float]:
    """The number of loops that takes about this long, and how long it really takes."""
    loops = 1
    while True:
        taken = run(loops)
        if taken >= seconds / 2:
            fitting = max(1, round(loops * seconds / taken))
            return fitting, taken / loops * fitting
        loops = loops * 2 if taken <= seconds / 20 else max(loops + 1, round(loops * seconds / taken))


def measure(program: core_set.Program, loops: int | None, seconds: float, warmups: int, values: int) -> dict[str, Any]:
    """Runs the program's benchmark: values in seconds per loop, the warm-ups apart; or only finds out the loops."""
    report: dict[str, Any] = {"name": program.name}

    def take(run: Callable[[int], float]) -> None:
        if loops is None:
            report["loops"], report["seconds"] = calibrate(run, seconds)
            raise Measured
        report["loops"] = loops
        report["warmups"] = [run(loops) / loops for _ in range(warmups)]
        report["values"] = [run(loops) / loops for _ in range(values)]
        raise Measured

    fake_pyperf.install(program.name, take)
    sys.argv = [program.script, *program.arguments]
    sys.path[0] = os.path.dirname(program.script)
    try:
        runpy.run_path(program.script, run_name="__main__")
    except Measured:
        return report
    raise SystemExit(f"{program.script} offered no benchmark named {program.name}")


def peak_kib() -> int:
    """The most memory that was resident. (`ru_maxrss` starts with what the parent had.)"""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--loops", type=int, help="without it, only find out how many loops take --seconds")
    parser.add_argument("--seconds", type=float, default=0.3, help="length of a value")
    parser.add_argument("--warmups", type=int, default=1)
    parser.add_argument("--values", type=int, default=3)
    options = parser.parse_args()

    report = measure(core_set.find(options.program), options.loops, options.seconds, options.warmups, options.values)
    report["peak_kib"] = peak_kib()
    whipsnake = sys.modules.get("whipsnake")
    report["compiled"] = whipsnake is not None and whipsnake.is_enabled()
    if report["compiled"]:
        report["stats"] = whipsnake.stats()
    print("\n" + json.dumps(report))


if __name__ == "__main__":
    main()
