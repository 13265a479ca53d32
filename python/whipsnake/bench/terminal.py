"""What the user sees while it measures: a progress bar on a terminal, plain lines elsewhere."""

import shutil
import statistics
import sys
import time
from typing import Any

from whipsnake.bench import counting, document
from whipsnake.bench.intervals import Interval


def show_seconds(seconds: float) -> str:
    """A time with a fitting unit."""
    for unit, factor in (("s ", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.2f} {unit}"
    return f"{seconds * 1e9:.1f} ns"


def show_ratio(found: Interval) -> str:
    """A ratio with its interval; without one where the runs are too few to have any."""
    if found.confidence < 0.5:
        return f"{found.estimate:.2f}×"
    return f"{found.estimate:.2f}× ({found.low:.2f}–{found.high:.2f})"


def show_warm(seconds: float | None) -> str:
    """How long it takes to get warm."""
    if seconds is None:
        return "–"
    return show_seconds(seconds) if seconds else "at once"


def show_mib(kib: float) -> str:
    """A size of memory."""
    return f"{kib / 1024:.1f} MiB"


class Progress:
    """A bar on the last line of a terminal (stderr), where there is one."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0
        self.started = time.monotonic()
        self.on_terminal = sys.stderr is not None and sys.stderr.isatty()

    def step(self, what: str, share: float = 0.0) -> None:
        """Says what is measured now; `share` of it is done."""
        if not self.on_terminal:
            return
        part = min(1.0, (self.done + share) / max(1, self.total))
        taken = time.monotonic() - self.started
        left = f"{taken / part - taken:4.0f} s left" if part > 0.02 else ""
        width = shutil.get_terminal_size().columns
        bar = "█" * round(24 * part) + "░" * (24 - round(24 * part))
        line = f"{bar} {part:4.0%} {left}  {what}"
        sys.stderr.write("\r\x1b[K" + line[: width - 1])
        sys.stderr.flush()

    def clear(self) -> None:
        """Removes the bar, so that lines can be printed."""
        if self.on_terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def say(line: str = "") -> None:
    """A line of the result."""
    print(line, flush=True)


def print_head(doc: dict[str, Any]) -> None:
    """What is measured, on what, and what to know about it."""
    machine = doc["machine"]
    say(f"{doc['what']}; {machine['cpu']}, {machine['cores']} cores, load {machine['load']}")
    for runtime in doc["runtimes"]:
        say(f"  {runtime['name']}: {runtime['build']}")
    for warning in doc["warnings"]:
        say(f"  warning: {warning}")


def print_columns(doc: dict[str, Any]) -> None:
    """The head of a suite's table."""
    base, *others = document.names(doc)
    times = "".join(f"{name:>12}" for name in document.names(doc))
    label = {"best": "", "first": ", first call", "wall": ", wall", "cpu": ", CPU"}
    ratios = "".join(
        f"{f'{other}/{base}{label[measure]}':>24}" for measure in doc["settings"]["measures"] for other in others
    )
    say(f"{'program':<26}{times}{ratios}")


def print_program(doc: dict[str, Any], program: dict[str, Any]) -> None:
    """A suite's line of one program."""
    if program["failure"]:
        say(f"{program['name']:<26}  FAILED: {program['failure'].splitlines()[0]}")
        return
    if program["skipped"]:
        say(f"{program['name']:<26}  skipped: {program['skipped']}")
        return
    base, *others = document.names(doc)
    measures = doc["settings"]["measures"]
    line = f"{program['name']:<26}"
    for name in document.names(doc):
        runs = program["runs"][name]
        line += f"{show_seconds(min(document.measure_of(run, measures[0]) for run in runs)) if runs else '–':>12}"
    for measure in measures:
        for other in others:
            found = document.ratio(program, base, other, measure)
            line += f"{show_ratio(found) if found else '–':>24}"
    say(line)


def print_summary(doc: dict[str, Any]) -> None:
    """Geometric means and the worst."""
    for measure, by_runtime in doc["summary"].items():
        for other, summary in by_runtime.items():
            mean = Interval(*(summary[name] for name in Interval._fields))
            what = {"best": "", "first": ", first call", "wall": ", wall", "cpu": ", CPU"}[measure]
            worst = ", ".join(f"{name} {ratio:.2f}×" for name, ratio in summary["worst"].items())
            say(f"{other}{what}: geometric mean of {summary['programs']}: {show_ratio(mean)}; slowest: {worst}")


def print_script(doc: dict[str, Any]) -> None:
    """The table about one program."""
    program = doc["programs"][0]
    base = document.names(doc)[0]
    say(f"{'':<10}{'wall':>12}{'CPU':>12}{'memory':>12}{'warm after':>12}   as fast as {base}: wall, CPU")
    for name in document.names(doc):
        runs = program["runs"][name]
        if not runs:
            continue
        middle = [statistics.median(run[key] for run in runs) for key in ("wall", "cpu")]
        ratios = [document.ratio(program, base, name, measure) for measure in ("wall", "cpu") if name != base]
        say(
            f"{name:<10}{show_seconds(middle[0]):>12}{show_seconds(middle[1]):>12}"
            f"{show_mib(min(run['peak_kib'] for run in runs)):>12}"
            f"{show_warm(program['warm_after'].get(name)):>12}   "
            + ", ".join(show_ratio(ratio) for ratio in ratios if ratio)
        )
    found = next((r for name in document.names(doc)[1:] if (r := document.ratio(program, base, name, "wall"))), None)
    if found is not None:
        pairs = min(len(runs) for runs in program["runs"].values())
        say(f"{pairs} runs of each in turn, medians; the intervals hold with {found.confidence:.1%} confidence")
    counts = program["counts"]
    if counts:
        share = (
            f"{counts['share_compiled']:.1%} of calls and jumps back ran compiled; "
            if "share_compiled" in counts
            else ""
        )
        say(
            f"on: {share}{counts['compiled']:,} functions, {counts['bytes'] / 1024:,.0f} KiB of code, "
            f"{show_seconds(counts['compile_seconds'])} to compile"
        )
        exits = counting.exits_line(counts)
        if exits:
            say(f"on: left or missed most: {exits}")
    for note in program["notes"]:
        say(f"note: {note}")
