"""Prints which share of the core set's calls and jumps back ran compiled, and what kept a program from more.

One short process for each program, warm-up included, with counting code.
"""

import argparse
import json
import statistics
import sys
from typing import Any

import core_set
import processes


def show(name: str, stats: dict[str, Any], details: int) -> float:
    """Prints one program's line; its share."""
    share = float(stats["share_compiled"])
    calls = stats["calls_compiled"], stats["calls_interpreted"]
    back_edges = stats["back_edges_compiled"], stats["back_edges_interpreted"]
    resumes = stats["resumes_compiled"], stats["resumes_interpreted"]
    parts = [f"{name:26} {share:7.2%}"]
    for compiled, interpreted in (calls, back_edges, resumes):
        total = compiled + interpreted
        parts.append(f"{compiled / total:7.1%} of {total:>11,}" if total else " " * 22)
    parts.append(f"{stats['calls_from_outside']:>11,}")
    print("  ".join(parts), flush=True)
    for group in ("most_interpreted", "guard_misses", "side_exits"):
        entries = sorted(stats[group].items(), key=lambda entry: -entry[1])[:details]
        for place, count in entries:
            print(f"    {group:16}  {count:>11,}  {place}")
    return share


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--filter", metavar="WORDS", help="only programs whose names contain one of these words")
    parser.add_argument("--seconds", type=float, default=1, help="how long each program runs, about")
    parser.add_argument("--details", type=int, default=0, metavar="N", help="show the N most interpreted functions")
    parser.add_argument("--json", metavar="FILE", help="write all statistics here")
    options = parser.parse_args()

    processes.require("stats")
    print(f"{'program':26} {'share':>7}  {'calls':22}  {'jumps back':22}  {'resumptions':22}  from outside")
    shares = []
    everything = {}
    for program in core_set.select(options.filter):
        try:
            report = processes.work("stats", program.name, f"--seconds={options.seconds}")
        except processes.WorkFailed as failure:
            print(failure, file=sys.stderr)
            continue
        everything[program.name] = report["stats"]
        shares.append(show(program.name, report["stats"], options.details))
    if shares:
        print(f"median {statistics.median(shares):.2%}, lowest {min(shares):.2%}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(everything, file, indent=1)


if __name__ == "__main__":
    main()
