"""Programs about one part of the language each, run in every mode: the same output, traceback and exit code."""

from pathlib import Path

import pytest
from conftest import RunModes, has_compiler

KNOWN = {
    "argument_lifetime": "after a call through a counting entry the caller holds the arguments until it returns",
}
"""Snippets that are known to differ, and why. The test fails when one no longer does: then its line goes."""

SNIPPETS = sorted((Path(__file__).parent / "snippets").glob("*.py"))


@pytest.mark.parametrize("path", SNIPPETS, ids=lambda path: path.stem)
def test_snippet(run_modes: RunModes, path: Path, request: pytest.FixtureRequest) -> None:
    if path.stem in KNOWN and has_compiler():
        request.applymarker(pytest.mark.xfail(reason=KNOWN[path.stem], strict=True))
    outcomes = run_modes(path.read_text(encoding="utf-8"))
    assert outcomes["off"].out
