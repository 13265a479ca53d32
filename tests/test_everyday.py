"""The everyday programs and the kernels: each computes what it always does, in every mode."""

import importlib
import os
import sys

import pytest
from conftest import MODES, run_python

BENCHES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "benches")
sys.path.insert(0, BENCHES)

import everyday  # noqa: E402
import kernels  # noqa: E402

PROGRAMS = [f"{folder.__name__}.{name}" for folder in (everyday, kernels) for name in folder.PROGRAMS]

CALLS = """
import sys
sys.path.insert(0, sys.argv[1])
import importlib
program = importlib.import_module(sys.argv[2])
for _ in range(4):
    print(program.run(program.SMALL))
"""


def test_every_program_is_listed() -> None:
    found = {
        f"{folder}.{name.removesuffix('.py')}"
        for folder in ("everyday", "kernels")
        for name in os.listdir(os.path.join(BENCHES, folder))
        if name.endswith(".py") and not name.startswith("_")
    }
    assert found == set(PROGRAMS)
    assert len(everyday.PROGRAMS) == 20
    assert len(kernels.PROGRAMS) == 6


@pytest.mark.parametrize("program", PROGRAMS)
def test_results_in_every_mode(program: str) -> None:
    outcomes = [run_python("-c", CALLS, BENCHES, program, mode=mode) for mode in MODES]
    for outcome in outcomes:
        assert outcome.code == 0, outcome.shown
        assert outcome.out == outcomes[0].out, outcome.shown


def test_a_wrong_result_is_an_error() -> None:
    checking = importlib.import_module("checking")
    with pytest.raises(checking.WrongResult, match="computed 1, expected 2"):
        checking.checked(1, 2)
