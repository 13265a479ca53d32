"""The world changes under compiled code: each program of `world` does the same in every mode."""

from pathlib import Path

import pytest
from conftest import RunModes

PROGRAMS = sorted((Path(__file__).parent / "world").glob("*.py"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_world(run_modes: RunModes, path: Path) -> None:
    outcomes = run_modes(path.read_text(encoding="utf-8"))
    assert outcomes["off"].out, outcomes["off"].shown
    assert outcomes["off"].code == 0, outcomes["off"].shown
