"""`bench script.py args`: one program of the user's, whole processes, and what the compiler did with it."""

import json
import os
import time
from typing import Any

from whipsnake.bench import counting, session
from whipsnake.bench.errors import BenchError
from whipsnake.bench.launcher import CantStart, Launcher, Run
from whipsnake.bench.runtimes import Runtime
from whipsnake.bench.session import Plan
from whipsnake.bench.terminal import Progress

REPEAT = """
import json, os, runpy, sys
from time import perf_counter
kind, what, limit, most = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
arguments = sys.argv[5:]
values = []
start_of_all = perf_counter()
if kind == "script":
    sys.path[0] = os.path.dirname(os.path.abspath(what))
while len(values) < most and (perf_counter() - start_of_all < limit or len(values) < 2):
    sys.argv = [what, *arguments]
    start = perf_counter()
    try:
        if kind == "script":
            runpy.run_path(what, run_name="__main__")
        else:
            runpy.run_module(what, run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        if stop.code:
            raise
    values.append(perf_counter() - start)
with os.fdopen(3, "w") as report:
    json.dump(values, report)
"""
"""The program again and again in one process, for the time of each iteration."""

CURVE_SECONDS = 3.0
CURVE_POINTS = 30


class Script:
    """One program, and how it is run."""

    def __init__(self, arguments: list[str]) -> None:
        self.arguments = arguments
        self.is_module = arguments[0] == "-m"
        if self.is_module and len(arguments) < 2:
            raise BenchError("-m needs a module")
        if arguments[0] == "-c":
            raise BenchError("bench takes a script or -m module; put the code in a file")
        if not self.is_module and not os.path.exists(arguments[0]):
            raise BenchError(f"there is no file {arguments[0]}")

    @property
    def shown(self) -> str:
        """As one would type it."""
        return " ".join(self.arguments)

    def repeated(self) -> list[str]:
        """The command line that runs it again and again."""
        what, rest = (
            (self.arguments[1], self.arguments[2:]) if self.is_module else (self.arguments[0], self.arguments[1:])
        )
        kind = "module" if self.is_module else "script"
        return ["-c", REPEAT, kind, what, str(CURVE_SECONDS), str(CURVE_POINTS), *rest]


class OutputDiffers(BenchError):
    """The program does something else with the compiler on."""


class ScriptSession:
    """Measures one program in every runtime."""

    def __init__(self, launcher: Launcher, runtimes: list[Runtime], script: Script, plan: Plan) -> None:
        self.launcher = launcher
        self.runtimes = {runtime.name: runtime for runtime in runtimes}
        self.script = script
        self.plan = plan
        self.expected: Run | None = None
        self.compares_output = True

    def measure(self, record: dict[str, Any]) -> None:
        """Fills the record: first once each unmeasured (for caches of files and of bytecode), then in turn."""
        progress = Progress(1)
        try:
            base, *others = self.runtimes
            progress.step(self.script.shown)
            self.expected = self.once(base)
            self.compares_output = False
            if self.once(base).out == self.expected.out:
                self.compares_output = True
            else:
                record["notes"].append("the output differs from run to run, so that it can't be compared")
            for name in others:
                self.once(name)
            session.rounds(record, self.sample, self.plan, lambda share: progress.step(self.script.shown, 0.9 * share))
            if self.plan.curves:
                progress.step("warm-up", 0.9)
                self.extras(record)
        finally:
            progress.clear()

    def sample(self, name: str) -> dict[str, Any]:
        """One measured run."""
        run = self.once(name)
        return {
            "values": [run.wall],
            "warmups": [],
            "wall": run.wall,
            "cpu": run.cpu,
            "peak_kib": run.peak_kib,
            "metadata": {},
        }

    def once(self, name: str, **more: str) -> Run:
        """One run, whose result is checked."""
        runtime = self.runtimes[name]
        try:
            run = self.launcher.run(
                [*runtime.command, *self.script.arguments], runtime.environment(**more), self.plan.timeout
            )
        except CantStart as error:
            raise BenchError(f"{name} can't run: {error}") from None
        if run.late:
            raise BenchError(f"{self.script.shown} took more than {self.plan.timeout:g} s ({name}); see --timeout")
        if self.expected is None:
            if run.code != 0:
                raise BenchError(f"{self.script.shown} fails ({name}): {run.complaint}")
            return run
        if run.code != self.expected.code or (self.compares_output and run.out != self.expected.out):
            raise self.difference(runtime, run)
        return run

    def difference(self, runtime: Runtime, run: Run) -> BenchError:
        """The error for a program that does something else here."""
        assert self.expected is not None
        base = next(iter(self.runtimes))
        if run.code != self.expected.code:
            what = f"{run.complaint}\n(with {base} it was {self.expected.ending})"
        else:
            what = "it prints something else: " + first_difference(self.expected.out, run.out)
        message = f"{self.script.shown} does something else with {runtime.name}: {what}"
        if runtime.is_ours:
            message += (
                "\nThis may be a bug of whipsnake. The function it is in is found by\n"
                f"  python -m whipsnake bisect {self.script.shown}"
            )
        return OutputDiffers(message)

    def extras(self, record: dict[str, Any]) -> None:
        """The time of each iteration in one process; then a run with counting code."""
        for name, runtime in self.runtimes.items():
            run = self.launcher.run(
                [*runtime.command, *self.script.repeated()], runtime.environment(), self.plan.timeout
            )
            try:
                record["curves"][name] = json.loads(run.report)
                record["warm_after"][name] = session.warm_after(record["curves"][name])
            except ValueError:
                note = "it can't run twice in one process, so that there is no warm-up curve"
                if note not in record["notes"]:
                    record["notes"].append(note)
        for name, runtime in self.runtimes.items():
            if runtime.is_ours and record["counts"] is None:
                counting.forget(self.launcher)
                self.once(name, **counting.variables(self.launcher))
                record["counts"] = counting.take(self.launcher)
                if record["counts"] is None:
                    record["notes"].append("it ended without its exit functions, so that nothing was counted")


def first_difference(expected: bytes, found: bytes) -> str:
    """The first lines that differ."""
    one, other = (text.decode(errors="replace").splitlines() for text in (expected, found))
    for number, (line, other_line) in enumerate(zip(one, other, strict=False), 1):
        if line != other_line:
            return f"line {number} is {other_line[:200]!r}, not {line[:200]!r}"
    return f"{len(other)} lines, not {len(one)}"


def record_of(script: Script, runtimes: list[Runtime]) -> dict[str, Any]:
    """The record of the document that will be filled."""
    record = session.new_program(script.shown, [runtime.name for runtime in runtimes])
    record["suite"] = "script"
    return record


def started() -> float:
    """A clock for the whole session."""
    return time.monotonic()
