"""`--counts`: which share of each program's calls and jumps back ran compiled, and what kept it from more."""

import statistics
from typing import Any

from whipsnake.bench import counting, terminal
from whipsnake.bench.errors import BenchError, ProgramFailed
from whipsnake.bench.launcher import Launcher
from whipsnake.bench.measuring import CALLS_IN_PROCESS, Worker, what_is_missing
from whipsnake.bench.programs import Program
from whipsnake.bench.runtimes import Runtime

GROUPS = ("most_interpreted", "guard_misses", "side_exits")
KINDS = ("calls", "back_edges", "resumes")


def run(launcher: Launcher, runtime: Runtime, programs: list[Program], timeout: float, details: int) -> list[str]:
    """One short process for each program, warm-up included, with counting code; what failed."""
    if not runtime.is_ours:
        raise BenchError("--counts needs the mode on or eager")
    terminal.say(f"{'program':<28}{'share':>8}  " + "".join(f"{kind.replace('_', ' '):<24}" for kind in KINDS))
    shares, failures = [], []
    for program in programs:
        try:
            missing = what_is_missing(launcher, runtime, program)
            stats = None if missing else count(Worker(launcher, runtime, program, timeout))
        except ProgramFailed as failure:
            failures.append(f"{program.name}: {failure}")
            continue
        if stats is None:
            terminal.say(f"{program.name:<28} {missing or 'nothing was counted'}")
            continue
        shares.append(float(stats["share_compiled"]))
        show(program.name, stats, details)
    if shares:
        terminal.say(f"median {statistics.median(shares):.2%}, lowest {min(shares):.2%}")
    return failures


def count(worker: Worker) -> dict[str, Any] | None:
    """A second or so of the program."""
    loops, _ = worker.calibrate(0.3)
    counting.forget(worker.launcher)
    values = CALLS_IN_PROCESS if worker.program.suite in ("everyday", "kernels") else 3
    worker.measure(loops, 0, values, **counting.variables(worker.launcher))
    return counting.take(worker.launcher)


def show(name: str, stats: dict[str, Any], details: int) -> None:
    """One program's line, and the places that matter most."""
    parts = f"{name:<28}{stats['share_compiled']:>8.2%}  "
    for kind in KINDS:
        compiled, interpreted = stats[kind + "_compiled"], stats[kind + "_interpreted"]
        total = compiled + interpreted
        parts += f"{f'{compiled / total:.1%} of {total:,}' if total else '':<24}"
    terminal.say(parts)
    for group in GROUPS:
        for place, number in list(stats.get(group, {}).items())[:details]:
            terminal.say(f"    {group.replace('_', ' '):<17}{number:>12,}  {place}")
