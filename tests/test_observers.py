"""What looks inside a running program sees the same in every mode: debuggers, profilers, coverage, other threads.

Each program of `observers` runs behind the same prelude, which warms up some functions until they run compiled (in the
modes that compile); it observes them and prints what it saw.
"""

import importlib.util
from pathlib import Path

import pytest
from conftest import RunModes

FOLDER = Path(__file__).parent / "observers"
PROGRAMS = sorted(path for path in FOLDER.glob("*.py") if not path.name.startswith("_"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_observer(run_modes: RunModes, path: Path) -> None:
    if path.stem == "coverage" and importlib.util.find_spec("coverage") is None:
        pytest.skip("coverage isn't installed")
    prelude = (FOLDER / "_prelude.py").read_text(encoding="utf-8")
    outcomes = run_modes(prelude + path.read_text(encoding="utf-8"))
    assert outcomes["off"].out
