"""What all tests share: fresh processes in every mode of the compiler, and their comparison."""

import itertools
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import NamedTuple

import pytest
import whipsnake
from modes import some

MODES = some("off", "on", "low", "eager", "optimizing", "hot")

TIMEOUT = 300

# Started in the background of a script (`.ci/run &`) all of this ignores Ctrl-C, and so would every process a test
# starts: tests of Ctrl-C would fail with the compiler off, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Outcome(NamedTuple):
    """What a process did."""

    mode: str
    code: int
    out: str
    err: str

    @property
    def shown(self) -> str:
        """All of it, for a message."""
        ending = f"signal {-self.code}" if self.code < 0 else f"exit code {self.code}"
        return f"[{self.mode}] {ending}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def environment(**extra: str) -> dict[str, str]:
    """The environment without any setting of ours, and with `faulthandler`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("WHIPSNAKE")}
    env.pop("PYTHONPATH", None)
    env.update(PYTHONFAULTHANDLER="1", PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
    env.update(extra)
    return env


def difference(expected: Outcome, outcome: Outcome) -> str:
    """The first lines that differ, and of long ones the part around the first difference."""
    shown = [f"{outcome.mode} differs from {expected.mode}"]
    pairs = itertools.zip_longest(
        expected.shown.splitlines()[1:], outcome.shown.splitlines()[1:], fillvalue="<no line>"
    )
    if expected.code != outcome.code:
        shown.append(f"exit code {outcome.code}, not {expected.code}")
    for number, (one, other) in enumerate(pairs):
        if one != other and len(shown) < 20:
            same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
            start = max(0, same - 100)
            shown += [f"line {number}", "- " + one[start : start + 300], "+ " + other[start : start + 300]]
    return "\n".join(shown)


def run_python(*arguments: str, mode: str = "off", stdin: str | None = None, **extra: str) -> Outcome:
    """Runs this Python in a fresh process; keywords are environment variables."""
    result = subprocess.run(
        [sys.executable, *arguments],
        env=environment(**{**MODES[mode], **extra}) if mode != "plain" else environment(**extra),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    return Outcome(mode, result.returncode, result.stdout, result.stderr)


def has_compiler() -> bool:
    """Whether the compiler can run here. Tests that need it say what holds without it, too."""
    return bool(whipsnake.status()["available"])


RunModes = Callable[..., dict[str, Outcome]]


@pytest.fixture
def run_modes(tmp_path: os.PathLike[str]) -> RunModes:
    """Runs a piece of source as a script in every mode and asserts that output, traceback and exit code are the same.

    In each compiled mode the script also asserts that the compiler is on (or, in a build without one, that it is
    said to be off).
    """
    path = os.path.join(tmp_path, "snippet.py")

    def run(source: str, *arguments: str, modes: tuple[str, ...] = tuple(MODES), **extra: str) -> dict[str, Outcome]:
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(source))
        outcomes = {mode: run_python(path, *arguments, mode=mode, **extra) for mode in modes}
        note = "whipsnake: running without the compiler"
        if not has_compiler():
            for mode, outcome in outcomes.items():
                first, _, rest = outcome.err.partition("\n")
                assert mode == "off" or first.startswith(note), outcome.shown
                outcomes[mode] = outcome if mode == "off" else outcome._replace(err=rest)
        expected = outcomes[modes[0]]
        for outcome in outcomes.values():
            assert outcome.code >= 0, outcome.shown
            if outcome[1:] != expected[1:]:
                pytest.fail(difference(expected, outcome), pytrace=False)
        return outcomes

    return run
