"""Runs one measuring process: a worker of pyperf, or a program of ours, in a runtime."""

import json
import os
from dataclasses import dataclass, field
from typing import Any

from whipsnake.bench import programs
from whipsnake.bench.errors import ProgramFailed
from whipsnake.bench.launcher import CantStart, Launcher, Run
from whipsnake.bench.programs import Program
from whipsnake.bench.runtimes import Runtime

FIND = """
import importlib.util, os, sys
spec = importlib.util.find_spec("pyperformance")
missing = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]
with os.fdopen(3, "w") as report:
    print(os.path.dirname(spec.origin) if spec else "", *missing, sep="\\n", file=report)
"""
"""Where a runtime has pyperformance, and which of some modules it doesn't have."""

CALLS = """
import importlib, json, os, sys
from time import perf_counter
folder, name, calls, size = sys.argv[1:]
sys.path.insert(0, folder)
run = importlib.import_module(name).run
arguments = [int(size)] if size else []
values = []
for _ in range(int(calls)):
    start = perf_counter()
    run(*arguments)
    values.append(perf_counter() - start)
with os.fdopen(3, "w") as report:
    json.dump(values, report)
"""
"""A program of ours: the time of each call in this process, its first one included."""

MODULES = """argparse ast asyncio base64 bdb bisect calendar cmd codecs collections concurrent.futures configparser
contextlib copy csv dataclasses datetime decimal difflib dis doctest email.message enum fractions ftplib functools
getopt gettext glob graphlib gzip heapq html.parser http.client imaplib inspect ipaddress json locale logging.config
mailbox optparse pathlib pdb pickle plistlib pprint queue random sched shlex shutil smtplib socketserver sqlite3
statistics string subprocess tarfile tempfile threading tomllib traceback typing unittest urllib.request uuid weakref
xml.etree.ElementTree zipfile""".split()[:60]  # noqa: SIM905
"""What the program `imports` imports."""

CALLS_IN_PROCESS = 8
"""How often a program of ours is called in a process: its first call is one figure, the best of all another."""


@dataclass
class Sample:
    """What one process measured."""

    values: list[float]
    """Seconds a loop; of ours, seconds a call."""
    warmups: list[float] = field(default_factory=list)
    wall: float = 0.0
    cpu: float = 0.0
    peak_kib: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def best(self) -> float:
        """The least disturbed value."""
        return min(self.values)

    @property
    def first(self) -> float:
        """The first call of all."""
        return (self.warmups or self.values)[0]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dict(vars(self))


def finish(launcher: Launcher, runtime: Runtime, arguments: list[str], timeout: float, **more: str) -> Run:
    """Runs a measuring process; a failure of it is an error."""
    try:
        run = launcher.run([*runtime.command, *arguments], runtime.environment(**more), timeout)
    except CantStart as error:
        raise ProgramFailed(f"{runtime.name}: {error}") from None
    if run.late:
        raise ProgramFailed(f"{runtime.name}: took more than {timeout:g} s")
    if run.code != 0:
        raise ProgramFailed(f"{runtime.name}: {run.complaint}")
    return run


def sample_of(run: Run, values: list[float], warmups: list[float], metadata: dict[str, Any]) -> Sample:
    """A sample with what was seen from outside."""
    return Sample(values, warmups, run.wall, run.cpu, run.peak_kib, metadata)


class Worker:
    """Measures one program in one runtime, a process at a time."""

    def __init__(self, launcher: Launcher, runtime: Runtime, program: Program, timeout: float) -> None:
        self.launcher = launcher
        self.runtime = runtime
        self.program = program
        self.timeout = timeout

    def measure(self, loops: int, warmups: int, values: int, **more: str) -> Sample:
        """A fresh process. For programs of ours `values` is the number of calls, and there are no warm-ups."""
        program = self.program
        if program.is_pyperformance:
            return self._pyperf([f"--loops={loops}", f"--warmups={warmups}", f"--values={values}"], **more)
        if program.suite == "startup":
            run = self._run(["-c", "import " + ", ".join(MODULES)], **more)
            return sample_of(run, [run.wall], [], {})
        size = os.environ.get("WHIPSNAKE_BENCH_SIZE", "")
        run = self._run(["-c", CALLS, programs.own_folder(), program.folder, str(values), size], **more)
        return sample_of(run, json.loads(run.report), [], {})

    def calibrate(self, seconds: float) -> tuple[int, float]:
        """How many loops take about this long, and how long one loop takes."""
        if not self.program.is_pyperformance:
            return 1, 0.0
        sample = self._pyperf(["--calibrate-loops", "--warmups=0", "--values=1", f"--min-time={seconds / 2}"])
        loops, per_loop = sample.metadata["loops"], sample.warmups[-1]
        return max(1, round(seconds / per_loop)) if per_loop * loops < seconds else loops, per_loop

    def _pyperf(self, options: list[str], **more: str) -> Sample:
        program, facts = self.program, self.runtime.facts
        folder = facts.get("pyperformance")
        script = program.script
        if folder:
            script = os.path.join(folder, "data-files", "benchmarks", "bm_" + program.folder, "run_benchmark.py")
        if program.folder == "2to3":
            more["PYTHONPATH"] = os.path.join(os.path.dirname(script), "vendor", "src")
        arguments = [script, *program.arguments, "--worker", "--pipe=3", f"--worker-task={program.task}", *options]
        run = self._run(arguments, **more)
        try:
            runs = [run_ for benchmark in json.loads(run.report)["benchmarks"] for run_ in benchmark["runs"]]
            document = json.loads(run.report)
        except (ValueError, KeyError) as error:
            raise ProgramFailed(f"{self.runtime.name}: pyperf reported nothing: {run.complaint}") from error
        metadata = {**document.get("metadata", {}), **document["benchmarks"][0].get("metadata", {})}
        one = runs[0]
        metadata.update(one.get("metadata", {}))
        # A warm-up is kept as a pair: loops and seconds a loop.
        warmups = [float(seconds) for _, seconds in one.get("warmups", [])]
        if one.get("warmups"):
            metadata.setdefault("loops", one["warmups"][-1][0])
        sample = sample_of(run, [float(value) for value in one.get("values", [])], warmups, metadata)
        if "command_max_rss" in metadata:
            # A program that measures commands: their memory counts, not pyperf's own.
            sample.peak_kib = int(metadata["command_max_rss"]) // 1024
        return sample

    def _run(self, arguments: list[str], **more: str) -> Run:
        return finish(self.launcher, self.runtime, arguments, self.timeout, **more)


def what_is_missing(launcher: Launcher, runtime: Runtime, program: Program) -> str | None:
    """Why the program can't run in this runtime at all, if so; finds out where its pyperformance is, once."""
    if not program.is_pyperformance:
        return None
    run = finish(launcher, runtime, ["-c", FIND, "pyperf", *program.needs], 60)
    folder, *missing = run.report.splitlines()
    runtime.facts["pyperformance"] = folder
    return f"{runtime.name} has no {', '.join(missing)}" if missing else None
