"""`python -m whipsnake bisect script.py`: which function's compilation changes what a program does.

The program runs without the compiler, then with it; if the two differ, it runs again and again with fewer and fewer of
its functions compiled, until one function (or as few as possible) is left that makes the difference.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

USAGE = """\
usage: python -m whipsnake bisect [--timeout SECONDS] [settings] script.py [args]
       python -m whipsnake bisect [--timeout SECONDS] [settings] -m module [args]
       python -m whipsnake bisect [--timeout SECONDS] [settings] -c code [args]

Finds the function whose compilation changes the output, the exit code, or makes a program crash.
Settings such as --eager are those of python -m whipsnake. Exit code: 0 found, 1 nothing to find, 2 usage.
"""

DEFAULT_TIMEOUT = 60.0


class Outcome(NamedTuple):
    """What a run of the program did."""

    code: "int | None"
    """The exit code, negative for a signal; None if it took too long."""
    out: bytes
    err: bytes

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self.code is None:
            return "takes too long"
        return f"is killed by signal {-self.code}" if self.code < 0 else f"exits with {self.code}"


class GivenUp(Exception):
    """There is nothing to find, or it can't be found; the message says why."""


class Program:
    """A program, and ways to run it."""

    def __init__(self, interpreter: "list[str]", x_options: "list[str]", program: "list[str]", timeout: float) -> None:
        self.interpreter, self.x_options, self.program, self.timeout = interpreter, x_options, program, timeout
        self.folder = tempfile.mkdtemp(prefix="whipsnake-bisect-")
        self.names = os.path.join(self.folder, "compiled.txt")
        self.listing = os.path.join(self.folder, "listing.txt")
        self.only = os.path.join(self.folder, "only.txt")
        self.runs = 0

    def command(self, compiled: bool) -> "list[str]":
        """How it is started."""
        options = (
            ["-X", "whipsnake", *(word for option in self.x_options for word in ("-X", option))] if compiled else []
        )
        return [*self.interpreter, *options, *self.program]

    def run(self, compiled: bool, **variables: str) -> Outcome:
        """Runs it to its end or to the time limit."""
        self.runs += 1
        environ = {name: value for name, value in os.environ.items() if name not in SWITCHES and name != "WHIPSNAKE"}
        # The order of sets of strings would be another in each process.
        environ.setdefault("PYTHONHASHSEED", "0")
        environ.update(variables)
        if not compiled:
            environ["WHIPSNAKE"] = "0"
        try:
            result = subprocess.run(
                self.command(compiled), env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=self.timeout
            )
        except subprocess.TimeoutExpired as expired:
            return Outcome(None, expired.stdout or b"", expired.stderr or b"")
        return Outcome(result.returncode, result.stdout, result.stderr)

    def run_only(self, names: "Sequence[str]") -> Outcome:
        """Runs it with only these functions compiled."""
        with open(self.only, "w", encoding="utf-8") as file:
            file.write("".join(name + "\n" for name in names))
        return self.run(True, WHIPSNAKE_ONLY="@" + self.only)


SWITCHES = ("WHIPSNAKE_ONLY", "WHIPSNAKE_COMPILED", "WHIPSNAKE_LISTING")


def say(line: str) -> None:
    """A line of progress."""
    sys.stderr.write(f"whipsnake bisect: {line}\n")
    sys.stderr.flush()


def difference(off: Outcome, on: Outcome) -> str:
    """How a run differs from the one without the compiler, in a line or two; empty if it doesn't."""
    if off.code != on.code:
        return f"the program {on.ending} (without the compiler it {off.ending})" + last_line(on)
    for name, one, other in (("output", off.out, on.out), ("error output", off.err, on.err)):
        if one != other:
            ours, theirs = other.decode("utf-8", "replace").splitlines(), one.decode("utf-8", "replace").splitlines()
            for number in range(max(len(ours), len(theirs))):
                a = theirs[number] if number < len(theirs) else "(no line)"
                b = ours[number] if number < len(ours) else "(no line)"
                if a != b:
                    return f"line {number + 1} of its {name} is {b[:200]!r} (without the compiler {a[:200]!r})"
            return f"the line ends of its {name} differ"
    return ""


def last_line(outcome: Outcome) -> str:
    """What it said last, to be added to a message."""
    lines = outcome.err.decode("utf-8", "replace").strip().splitlines()
    return f"; its last words: {lines[-1][:200]!r}" if lines else ""


def sort_key(name: str) -> "tuple[str, int, str]":
    """By file, then line, then name: the same order every time."""
    file, _, rest = name.rpartition(":")
    file, _, line = file.rpartition(":")
    return file, int(line) if line.isdigit() else 0, rest


def minimise(names: "list[str]", differs: "Callable[[list[str]], bool]") -> "list[str]":
    """As few of the names as still differ: delta debugging (Zeller and Hildebrandt, 2002)."""
    parts = 2
    while len(names) > 1:
        size = -(-len(names) // parts)
        chunks = [names[start : start + size] for start in range(0, len(names), size)]
        for chunk in chunks:
            if differs(chunk):
                names, parts = chunk, 2
                break
        else:
            for chunk in chunks if len(chunks) > 2 else []:
                rest = [name for name in names if name not in chunk]
                if differs(rest):
                    names, parts = rest, max(len(chunks) - 1, 2)
                    break
            else:
                if size == 1:
                    return names
                parts = min(len(names), parts * 2)
    return names


def find(program: Program) -> "tuple[list[str], str]":
    """The functions, and the difference they make."""
    off = program.run(False)
    if off.code is None:
        raise GivenUp(
            f"without the compiler the program takes more than {program.timeout:g} s; give --timeout a larger value"
        )
    say(f"without the compiler it {off.ending}")
    again = difference(off, program.run(False))
    if again:
        raise GivenUp(f"it does something else each time even without the compiler: {again}")
    on = program.run(True, WHIPSNAKE_COMPILED=program.names)
    found = difference(off, on)
    if not found:
        same = "it fails in the same way without it" if off.code else "it does the same without it"
        raise GivenUp(f"the compiler makes no difference: {same} (--eager compiles more)")
    say(f"with the compiler {found}")
    names = read_names(program.names)
    none = difference(off, program.run_only([]))
    if none:
        raise GivenUp(f"it differs with the compiler on but nothing compiled, so that no function is to blame: {none}")

    def differs(chosen: "list[str]") -> bool:
        result = bool(difference(off, program.run_only(chosen)))
        say(
            f"run {program.runs}: {len(chosen)} of {len(names)} functions compiled: "
            + ("differs" if result else "the same")
        )
        return result

    if not names or not differs(names):
        raise GivenUp(
            f"it differs only sometimes: {len(names)} functions were compiled, and with just those it does the same"
        )
    guilty = minimise(names, differs)
    say("once more, for the listing")
    last = program.run(True, WHIPSNAKE_ONLY=one_line(guilty), WHIPSNAKE_LISTING=program.listing)
    final = difference(off, last)
    if not final:
        raise GivenUp(f"it differs only sometimes; suspected: {', '.join(guilty)}")
    return guilty, final


def read_names(path: str) -> "list[str]":
    """The names that the compiler told, each once, in order."""
    try:
        with open(path, encoding="utf-8") as file:
            return sorted(set(file.read().splitlines()), key=sort_key)
    except FileNotFoundError:
        return []


def one_line(names: "list[str]") -> str:
    """Names as a value of `WHIPSNAKE_ONLY`."""
    return ";".join(names)


def report(program: Program, guilty: "list[str]", found: str) -> str:
    """What there is to tell at the end."""
    import shlex

    lines = [f"compiling {'this function' if len(guilty) == 1 else 'these functions together'} makes the difference:"]
    for name in guilty:
        file, line, qualname = sort_key(name)
        lines.append(f"  {qualname}  ({file}, line {line})")
    lines += ["the difference:", f"  {found}", "to see it again:"]
    only = shlex.quote(one_line(guilty))
    seed = "" if "PYTHONHASHSEED" in os.environ else "PYTHONHASHSEED=0 "
    lines.append(f"  {seed}WHIPSNAKE_ONLY={only} {shlex.join(program.command(True))}")
    if os.path.exists(program.listing):
        lines += ["its machine code:", f"  {program.listing}"]
    return "\n".join(lines) + "\n"


def main(interpreter: "list[str]", x_options: "list[str]", program: "list[str]", timeout: float) -> int:
    """Finds the function and prints it."""
    started = time.monotonic()
    run = Program(interpreter, x_options, program, timeout)
    try:
        guilty, found = find(run)
    except GivenUp as reason:
        say(str(reason))
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130
    say(f"{run.runs} runs, {time.monotonic() - started:.1f} s")
    sys.stdout.write(report(run, guilty, found))
    return 0
