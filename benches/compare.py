"""Runs the core set with the compiler off and on, interleaved, and prints the ratio of each program.

Each value is measured in a fresh process that does the same number of loops in both modes. The processes alternate, so
that what else the machine does touches both. JSON with all values is kept.
"""

import argparse
import json
import math
import os
import platform
import statistics
import sys
import time
from typing import Any

import core_set
import processes


def ratio_of(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> float:
    """How many times as fast the second mode is: the median over pairs of runs of the ratio of their best values."""
    return statistics.median(min(one["values"]) / min(two["values"]) for one, two in zip(first, second, strict=True))


def total_ratio_of(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> float:
    """The same for whole processes."""
    return min(one["total_seconds"] for one in first) / min(two["total_seconds"] for two in second)


def geometric_mean(ratios: list[float]) -> float:
    """The geometric mean."""
    return math.exp(statistics.fmean(map(math.log, ratios)))


def measure(program: core_set.Program, options: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    """All runs of one program, by mode."""
    first, second = options.modes
    half_second = options.first_half_second
    seconds = 0.45 if half_second else options.seconds
    calibration = processes.work(first, program.name, f"--seconds={seconds}")
    arguments = [program.name, f"--loops={calibration['loops']}"]
    if half_second or calibration["seconds"] > 1:
        # A value of more than a second has its warm-up inside, where it hardly shows.
        arguments += ["--warmups=0", "--values=1"]
    else:
        arguments += [f"--warmups={options.warmups}", f"--values={options.values}"]
    runs: dict[str, list[dict[str, Any]]] = {"first": [], "second": []}
    for run in range(options.runs):
        # Every other pair the other way round: the first of a pair has no lasting advantage.
        order = ("first", "second") if run % 2 == 0 else ("second", "first")
        for which in order:
            runs[which].append(processes.work(first if which == "first" else second, *arguments))
    return runs


def show_seconds(seconds: float) -> str:
    """A time with a fitting unit."""
    for unit, factor in (("s ", 1), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:7.2f} {unit}"
    return f"{seconds * 1e9:7.1f} ns"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="cargo xtask bench", description=__doc__)
    parser.add_argument("--filter", metavar="WORDS", help="programs whose name contains one of these, with commas")
    parser.add_argument("--demo", action="store_true", help="only a handful of programs")
    parser.add_argument("--runs", type=int, default=5, help="pairs of processes for each program (default 5)")
    parser.add_argument("--values", type=int, default=4, help="values in each process (default 4)")
    parser.add_argument("--warmups", type=int, default=1, help="values thrown away first (default 1)")
    parser.add_argument("--seconds", type=float, default=0.3, help="length of a value (default 0.3)")
    parser.add_argument("--fast", action="store_true", help="2 runs of 3 values of 0.1 s")
    parser.add_argument("--first-half-second", action="store_true", help="the whole time of a process of half a second")
    parser.add_argument("--modes", default="off,on", help="the two to compare, of off, on, eager (default off,on)")
    parser.add_argument("--output", help="where to keep the JSON (default benches/results/DATE.json)")
    parser.add_argument("--list", action="store_true", help="print the names of the programs and exit")
    options = parser.parse_args()
    if options.fast:
        options.runs, options.values, options.seconds = 2, 3, 0.1
    options.modes = options.modes.split(",")
    if len(options.modes) != 2 or any(mode not in processes.MODES for mode in options.modes):
        parser.error("--modes takes two of: " + ", ".join(processes.MODES))

    programs = [core_set.find(name) for name in core_set.DEMO_SET] if options.demo else core_set.select(options.filter)
    if options.list:
        print("\n".join(program.name for program in programs))
        return 0
    for mode in options.modes:
        processes.require(mode)
    return compare(programs, options)


def compare(programs: list[core_set.Program], options: argparse.Namespace) -> int:
    """Measures, prints the table as it grows, and keeps the JSON."""
    first, second = options.modes
    what = "whole process" if options.first_half_second else "one loop"
    print(f"{platform.python_implementation()} {platform.python_version()}, {what}, {options.runs} pairs of processes")
    print(f"{'program':<26}{first:>11}{second:>12}   {second} against {first}", flush=True)
    ratios: dict[str, float] = {}
    failures: list[str] = []
    document: dict[str, Any] = {
        "python": sys.version,
        "machine": platform.platform(),
        "modes": options.modes,
        "kind": "first half second" if options.first_half_second else "steady",
        "started": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "programs": {},
    }
    for program in programs:
        try:
            runs = measure(program, options)
        except processes.WorkFailed as failure:
            failures.append(str(failure))
            print(f"{program.name:<26}  FAILED", flush=True)
            continue
        key = "total_seconds" if options.first_half_second else "values"

        def best(reports: list[dict[str, Any]], key: str = key) -> float:
            return min(report[key] if key == "total_seconds" else min(report[key]) for report in reports)

        calculate = total_ratio_of if options.first_half_second else ratio_of
        ratio = ratios[program.name] = calculate(runs["first"], runs["second"])
        document["programs"][program.name] = {"ratio": ratio, **runs}
        times = f"{show_seconds(best(runs['first'])):>12}{show_seconds(best(runs['second'])):>12}"
        print(f"{program.name:<26}{times}   {ratio:5.2f}×", flush=True)
    if ratios:
        worst = min(ratios, key=lambda name: ratios[name])
        document["geometric_mean"] = geometric_mean(list(ratios.values()))
        print(
            f"geometric mean of {len(ratios)}: {document['geometric_mean']:.3f}×   worst: {worst} {ratios[worst]:.2f}×"
        )
        print(f"kept in {keep(document, options.output)}")
    for failure in failures:
        print("\nFAILED " + failure, file=sys.stderr)
    return 1 if failures else 0


def keep(document: dict[str, Any], output: str | None) -> str:
    """Writes the JSON and returns its path."""
    if output is None:
        name = document["started"].replace(":", "") + ".json"
        output = os.path.join(processes.FOLDER, "results", name)
    os.makedirs(os.path.dirname(os.path.abspath(output)), exist_ok=True)
    with open(output, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
    return os.path.relpath(output)


if __name__ == "__main__":
    sys.exit(main())
