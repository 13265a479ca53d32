"""What the fuzzer found stays mended: each file of tests/fuzz_found does the same in every mode."""

import sys
from pathlib import Path

import pytest
from conftest import has_compiler

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "fuzz"))

from pair import MODES, Worker, difference, is_useless  # noqa: E402
from programs import make  # noqa: E402
from shrink import shrink  # noqa: E402

pytestmark = pytest.mark.skipif(not has_compiler(), reason="a build without the compiler")
COMPILED = [mode for mode in MODES if mode != "off"]


@pytest.mark.parametrize("path", sorted((HERE / "fuzz_found").glob("*.py")), ids=lambda path: path.stem)
def test_found(path: Path) -> None:
    source = path.read_text()
    expected = Worker("off").run(source)
    assert not is_useless(expected)
    for mode in COMPILED:
        assert not difference(expected, Worker(mode).run(source)), mode


@pytest.mark.parametrize(("seed", "count"), [("test", 60), ("syntax", 24)])
def test_a_few_programs(seed: str, count: int) -> None:
    sources = [make(f"{seed}:{number}") for number in range(count)]
    assert make(f"{seed}:1") == sources[1]
    results = {}
    for mode in ("off", "eager", "low"):
        worker = Worker(mode, seconds=120)
        worker.ask(sources)
        results[mode] = worker.results()
        worker.stop()
    useful = [result for result in results["off"] if not is_useless(result)]
    assert len(useful) > 0.66 * count
    for number, expected in enumerate(results["off"]):
        for mode in ("eager", "low"):
            assert not difference(expected, results[mode][number]), f"{seed}:{number} {mode}"


def test_a_dead_worker_is_told() -> None:
    worker = Worker("off")
    result = worker.run("import os; os.abort()")
    assert "died (-6)" in result["died"]
    assert "<program>" in result["died"]


def test_shrinking_keeps_what_matters() -> None:
    source = (
        "def f(x):\n    y = 1\n    if x:\n        for i in range(3):\n            print(1 // x, y)\nz = [1, 2]\nf(2)\n"
    )
    small = shrink(source, lambda text: "1 // x" in text)
    assert "1 // x" in small
    assert "z" not in small
    assert len(small.splitlines()) <= 2
