"""Programs about one part of the language each, run in every mode: the same output, traceback and exit code."""

from pathlib import Path

import pytest
from conftest import RunModes

SNIPPETS = sorted((Path(__file__).parent / "snippets").glob("*.py"))


@pytest.mark.parametrize("path", SNIPPETS, ids=lambda path: path.stem)
def test_snippet(run_modes: RunModes, path: Path) -> None:
    outcomes = run_modes(path.read_text(encoding="utf-8"))
    assert outcomes["off"].out
