"""`--suite`: pyperformance's programs and ours, program by program."""

import time
from typing import Any

from whipsnake.bench import counting, document, session, terminal
from whipsnake.bench.errors import ProgramFailed
from whipsnake.bench.launcher import Launcher
from whipsnake.bench.measuring import CALLS_IN_PROCESS, Worker, what_is_missing
from whipsnake.bench.programs import Program
from whipsnake.bench.runtimes import Runtime
from whipsnake.bench.session import Plan

CURVE_POINTS = 40
CURVE_SECONDS = 1.5
LONG = 1.0
"""A loop that takes longer than this has its warm-up inside, where it hardly shows."""


class Suite:
    """Measures programs and fills the document."""

    def __init__(self, launcher: Launcher, runtimes: list[Runtime], plan: Plan, doc: dict[str, Any]) -> None:
        self.launcher = launcher
        self.runtimes = runtimes
        self.plan = plan
        self.document = doc
        self.failures: list[str] = []

    def run(self, programs: list[Program]) -> None:
        """All of them; a program that fails is reported, and the next one goes on."""
        progress = terminal.Progress(len(programs))
        terminal.print_columns(self.document)
        for program in programs:
            record = session.new_program(program.name, [runtime.name for runtime in self.runtimes])
            record["suite"] = program.suite
            self.document["programs"].append(record)
            try:
                self.measure(program, record, progress)
            except ProgramFailed as failure:
                record["failure"] = str(failure)
                self.failures.append(f"{program.name}: {failure}")
            except KeyboardInterrupt:
                progress.clear()
                if not all(record["runs"].values()):
                    self.document["programs"].remove(record)
                raise
            progress.done += 1
            progress.clear()
            terminal.print_program(self.document, record)

    def measure(self, program: Program, record: dict[str, Any], progress: terminal.Progress) -> None:
        """One program."""
        progress.step(program.name)
        for runtime in self.runtimes:
            missing = what_is_missing(self.launcher, runtime, program)
            if missing:
                record["skipped"] = missing
                return
        plan = self.plan
        workers = {runtime.name: Worker(self.launcher, runtime, program, plan.timeout) for runtime in self.runtimes}
        base = workers[self.runtimes[0].name]
        first_only = plan.measures == ("first",)
        loops, per_loop = base.calibrate(0.45 if first_only and program.is_pyperformance else plan.seconds)
        record["loops"] = loops
        warmups, values = (0, 1) if first_only or per_loop > LONG else (plan.warmups, plan.values)
        if program.suite in ("everyday", "kernels"):
            warmups, values = 0, CALLS_IN_PROCESS
        session.rounds(
            record,
            lambda name: workers[name].measure(loops, warmups, values).as_dict(),
            plan,
            lambda share: progress.step(program.name, 0.9 * share),
        )
        if plan.curves:
            self.extras(program, record, workers, loops, per_loop)

    def extras(
        self, program: Program, record: dict[str, Any], workers: dict[str, Worker], loops: int, per_loop: float
    ) -> None:
        """The time of each iteration from the first one on, and a run with counting code."""
        if program.suite in ("everyday", "kernels"):
            record["curves"] = {name: median_curve(runs) for name, runs in record["runs"].items()}
        elif program.is_pyperformance and program.suite != "startup":
            few = max(1, loops // 10)
            points = max(3, min(CURVE_POINTS, int(CURVE_SECONDS / max(per_loop * few, 1e-6))))
            record["curves"] = {name: worker.measure(few, 0, points).values for name, worker in workers.items()}
        for name, curve in record["curves"].items():
            record["warm_after"][name] = session.warm_after(curve)
        for runtime in self.runtimes:
            if runtime.is_ours and record["counts"] is None:
                counting.forget(self.launcher)
                workers[runtime.name].measure(loops, 0, 2, **counting.variables(self.launcher))
                record["counts"] = counting.take(self.launcher)


def median_curve(runs: list[dict[str, Any]]) -> list[float]:
    """The median of the first calls, of the second ones…"""
    columns = zip(*(run["values"] for run in runs), strict=False)
    return [sorted(column)[len(column) // 2] for column in columns]


def settings(plan: Plan, suite: str, first: bool) -> Plan:
    """The plan for a suite: what its figures are."""
    if first:
        plan.measures, plan.curves = ("first",), False
    elif suite in ("everyday", "kernels"):
        plan.measures = ("best", "first")
    elif suite == "startup":
        plan.measures = ("best",)
    return plan


def finish(doc: dict[str, Any], started: float) -> None:
    """What follows from all programs."""
    doc["seconds"] = round(time.monotonic() - started, 1)
    document.settle(doc)
