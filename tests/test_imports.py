"""What imports run waits longer before it is compiled; what the program runs does not."""

import json
from pathlib import Path

import pytest
from conftest import has_compiler, run_python

pytestmark = pytest.mark.skipif(not has_compiler(), reason="nothing is compiled without a compiler")

COUNTING = """
import whipsnake

def looks_twice(x):
    return x + 1 if x else 2

def calls_until_compiled():
    for count in range(1, 2000):
        looks_twice(1)
        if whipsnake.is_compiled(looks_twice):
            return count

def rounds_until_compiled():
    names = {}
    exec("def loops(n):\\n    for i in range(n):\\n        i + 1", names)
    loops = names["loops"]
    for count in range(2000):
        loops(2)
        if whipsnake.is_compiled(loops):
            return count

whipsnake.never(calls_until_compiled)
whipsnake.never(rounds_until_compiled)
"""


def counts(folder: Path, program: str, **settings: str) -> list[int]:
    """What a program prints that may import the module `counting`."""
    (folder / "counting.py").write_text(COUNTING)
    (folder / "importing.py").write_text(
        COUNTING + "calls = calls_until_compiled()\nrounds = rounds_until_compiled()\n"
    )
    (folder / "program.py").write_text(program)
    environment = {"WHIPSNAKE": "1", "WHIPSNAKE_TIERS": "baseline", "WHIPSNAKE_CALL_THRESHOLD": "60", **settings}
    outcome = run_python(str(folder / "program.py"), mode="plain", **environment)
    assert outcome.code == 0, outcome
    return list(json.loads(outcome.out))


IMPORTED = "import json, importing\nprint(json.dumps([importing.calls, importing.rounds]))"
CALLED = "import json, counting\nprint(json.dumps([counting.calls_until_compiled(), counting.rounds_until_compiled()]))"


def test_what_an_import_runs_waits(tmp_path: Path) -> None:
    calls, rounds = counts(tmp_path, IMPORTED)
    calls_outside, rounds_outside = counts(tmp_path, CALLED)
    assert calls == 4 * calls_outside == 240
    assert rounds_outside < rounds <= 2 * rounds_outside + 2


def test_what_was_imported_does_not_wait_afterwards(tmp_path: Path) -> None:
    program = """
import json
from importing import calls, calls_until_compiled, looks_twice
from counting import calls_until_compiled as again
print(json.dumps([calls, again()]))
"""
    assert counts(tmp_path, program) == [240, 60]


def test_with_a_low_threshold_nothing_waits(tmp_path: Path) -> None:
    calls, _ = counts(tmp_path, IMPORTED, WHIPSNAKE_CALL_THRESHOLD="20")
    assert calls == 20
