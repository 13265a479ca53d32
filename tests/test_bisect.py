"""`python -m whipsnake bisect`: finds planted faults, and says clearly when there is nothing to find."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Outcome, environment, has_compiler, run_python
from whipsnake._bisect import minimise, sort_key

needs_compiler = pytest.mark.skipif(not has_compiler(), reason="a build without the compiler")

PROGRAM = """\
import os, sys, whipsnake

def innocent(x):
    return x + 1

class Box:
    def guilty(self, x):
        return x * 2

def other(x):
    return [innocent(y) for y in range(x)]

total = 0
for i in range(200):
    total += innocent(i) + Box().guilty(i) + len(other(3))
print("total", total)
{fault}
print("end")
"""


def bisect(*arguments: str, **extra: str) -> Outcome:
    return run_python("-m", "whipsnake", "bisect", *arguments, mode="plain", **extra)


def planted(folder: Path, fault: str) -> str:
    path = folder / "program.py"
    path.write_text(PROGRAM.format(fault=fault))
    return str(path)


@needs_compiler
@pytest.mark.parametrize(
    ("fault", "difference"),
    [
        (
            "print('wrong' if whipsnake.is_compiled(Box.guilty) else 'right')",
            "line 2 of its output is 'wrong' (without",
        ),
        ("if whipsnake.is_compiled(Box.guilty): os.abort()", "the program is killed by signal 6 (without the"),
        ("if whipsnake.is_compiled(Box.guilty): sys.exit(3)", "the program exits with 3 (without the"),
        ("if whipsnake.is_compiled(Box.guilty): sys.stderr.write('oh')", "line 1 of its error output is 'oh'"),
    ],
    ids=["output", "crash", "exit code", "error output"],
)
def test_one_function(tmp_path: Path, fault: str, difference: str) -> None:
    path = planted(tmp_path, fault)
    outcome = bisect("--eager", path, "an argument")
    assert outcome.code == 0, outcome.shown
    lines = outcome.out.splitlines()
    assert lines[:2] == ["compiling this function makes the difference:", f"  Box.guilty  ({path}, line 7)"], (
        outcome.shown
    )
    assert lines[3].startswith("  " + difference), outcome.shown
    assert "functions compiled: differs" in outcome.err
    # What it says to do shows the difference, and the listing is that of the function.
    command = lines[lines.index("to see it again:") + 1]
    assert shlex.split(command)[-2:] == [path, "an argument"]
    again = subprocess.run(command, shell=True, env=environment(), capture_output=True, text=True, check=False)
    off = run_python(path, "an argument")
    assert (again.returncode, again.stdout, again.stderr) != off[1:]
    listing = Path(lines[-1].strip()).read_text()
    assert listing.startswith(f"==== {path}:7:Box.guilty\n")
    assert "RETURN" in listing
    assert "==== " not in listing[5:]


@needs_compiler
def test_without_eager_only_what_gets_hot(tmp_path: Path) -> None:
    # Not one of those that are so small that the interpreter keeps its own calls of them.
    path = planted(tmp_path, "print('wrong' if whipsnake.is_compiled(other) else 'right')")
    outcome = bisect(path)
    assert outcome.out.splitlines()[1] == f"  other  ({path}, line 10)", outcome.shown


@needs_compiler
def test_two_functions_together(tmp_path: Path) -> None:
    path = planted(tmp_path, "if whipsnake.is_compiled(innocent) and whipsnake.is_compiled(other): sys.exit(1)")
    outcome = bisect("--eager", path)
    lines = outcome.out.splitlines()
    assert lines[0] == "compiling these functions together makes the difference:", outcome.shown
    assert lines[1:3] == [f"  innocent  ({path}, line 3)", f"  other  ({path}, line 10)"]


@needs_compiler
def test_module_and_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(tmp_path, "print(whipsnake.is_compiled(innocent))")
    monkeypatch.chdir(tmp_path)
    outcome = bisect("--eager", "-m", "program")
    assert "  innocent  (" in outcome.out, outcome.shown
    code = PROGRAM.format(fault="print(whipsnake.is_compiled(innocent))")
    outcome = bisect("--eager", "-c", code)
    assert "  innocent  (<string>, line 3)" in outcome.out, outcome.shown


@needs_compiler
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("", "the compiler makes no difference: it does the same without it"),
        ("1 / 0", "the compiler makes no difference: it fails in the same way without it"),
        ("print(os.getpid())", "it does something else each time even without the compiler: line 2 of its output"),
        ("print(whipsnake.is_enabled())", "it differs with the compiler on but nothing compiled"),
    ],
    ids=["no difference", "fails anyway", "not deterministic", "no function"],
)
def test_nothing_to_find(tmp_path: Path, fault: str, message: str) -> None:
    outcome = bisect("--eager", planted(tmp_path, fault))
    assert outcome.code == 1, outcome.shown
    assert outcome.out == ""
    assert outcome.err.splitlines()[-1].startswith("whipsnake bisect: " + message), outcome.shown


def test_a_program_that_takes_too_long(tmp_path: Path) -> None:
    outcome = bisect("--timeout", "0.5", planted(tmp_path, "import time; time.sleep(60)"))
    assert outcome.code == 1, outcome.shown
    assert "takes more than 0.5 s" in outcome.err


@needs_compiler
def test_a_hang_is_a_difference(tmp_path: Path) -> None:
    path = planted(tmp_path, "import time\nif whipsnake.is_compiled(innocent): time.sleep(60)")
    outcome = bisect("--timeout=2", "--eager", path)
    assert "the program takes too long (without the compiler it exits with 0)" in outcome.out, outcome.shown
    assert "  innocent  (" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "bisect needs a program"),
        (["--timeout", "soon", "x.py"], "--timeout=soon: allowed is a number of seconds above 0"),
        (["--turbo", "x.py"], "there is no option --turbo"),
        (["--code-mb", "x", "x.py"], "--code-mb=x: allowed is"),
    ],
)
def test_usage_errors(arguments: list[str], message: str) -> None:
    outcome = bisect(*arguments)
    assert outcome.code == 2
    assert outcome.err.startswith("whipsnake: " + message), outcome.shown


def test_help() -> None:
    outcome = bisect("--help")
    assert outcome.code == 0
    assert outcome.out.startswith("usage: python -m whipsnake bisect")


def test_a_script_named_bisect_is_run(tmp_path: Path) -> None:
    (tmp_path / "bisect").write_text("print('mine')")
    result = subprocess.run(
        [sys.executable, "-m", "whipsnake", "bisect"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert result.stdout == "mine\n", result.stderr


@pytest.mark.parametrize("guilty", [{5}, {0}, {99}, {3, 70}, {1, 2, 3}, {0, 50, 99}])
def test_minimise(guilty: set[int]) -> None:
    names = [f"a.py:{number}:f" for number in range(200)]
    runs = 0

    def differs(chosen: list[str]) -> bool:
        nonlocal runs
        runs += 1
        return guilty <= {sort_key(name)[1] for name in chosen}

    assert {sort_key(name)[1] for name in minimise(names, differs)} == guilty
    assert runs < 200
