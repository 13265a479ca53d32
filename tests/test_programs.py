"""pyperformance's programs, off and in every compiled mode: the same results, twenty times over, and no growth."""

import itertools
import json
import os
import sys
from typing import Any

import pytest
from conftest import MODES, Outcome, has_compiler, run_python

BENCHES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "benches")
sys.path.insert(0, BENCHES)

import results  # noqa: E402
from whipsnake.bench import programs  # noqa: E402

SLOW = {"mdp"}
"""Programs that take a second in the smallest size they have."""

SETTLED = 10
"""By this time everything is compiled and every cache is filled."""

GROWTH = 60
"""Blocks that may come in the rest: what the interpreter itself allocates now and then."""


def lines(outcome: Outcome) -> list[dict[str, Any]]:
    """What `results.py` printed."""
    assert outcome.code == 0, outcome.shown
    return [json.loads(line) for line in outcome.out.splitlines() if line.startswith("{")]


def test_core_set_is_whole() -> None:
    folders = {program.folder for program in programs.CORE}
    assert folders == set(results.CHECKS)
    assert len(programs.CORE) == 40
    for program in programs.CORE:
        assert os.path.exists(program.script)
    assert {program.name for program in programs.CORE} >= set(programs.DEMO)


@pytest.mark.parametrize("folder", results.CHECKS)
def test_results_and_memory(folder: str) -> None:
    script = os.path.join(BENCHES, "results.py")
    expected = {line["digest"] for line in lines(run_python(script, folder, "--times=2", mode="off"))}
    assert len(expected) == 1, "the program isn't deterministic"
    times = 3 if folder in SLOW else 20
    for mode in MODES if has_compiler() else []:
        if mode == "off":
            continue
        measured = lines(run_python(script, folder, f"--times={times}", mode=mode))
        assert len(measured) == times
        wrong = [number for number, line in enumerate(measured) if line["digest"] not in expected]
        assert not wrong, f"other results than the interpreter's in mode {mode}, in runs {wrong}"
        if times > SETTLED:
            growth = measured[-1]["blocks"] - measured[SETTLED]["blocks"]
            if growth > GROWTH:
                # What is compiled late takes blocks once, and lists of free objects fill up; a leak goes on, whenever
                # one looks.
                measured = lines(run_python(script, folder, f"--times={7 * times}", mode=mode))
                blocks = [line["blocks"] for line in measured[times - 1 :: times]]
                growth = min(after - before for before, after in itertools.pairwise(blocks))
            assert growth <= GROWTH, f"{growth} more blocks allocated in mode {mode}"
