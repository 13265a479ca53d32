"""When the allocator of small objects is there, and when it isn't."""

import json

import pytest
from conftest import has_compiler, run_python

pytestmark = pytest.mark.skipif(not has_compiler(), reason="a build without a compiler has no allocator")

PROGRAM = """
import json, whipsnake
texts = [str(i) for i in range(100_000)]
held = whipsnake.stats()["small_objects"]
del texts
print(json.dumps([held, whipsnake.stats()["small_objects"]]))
"""


def held(*options: str, **settings: str) -> "list[dict[str, int]]":
    outcome = run_python(*options, "-c", PROGRAM, mode="on", **settings)
    assert outcome.code == 0, outcome.shown
    before, after = json.loads(outcome.out)
    return [before, after]


def test_small_objects_are_held() -> None:
    before, after = held()
    assert before["reserved"] >= before["used"] >= 100_000 * 48
    assert after["used"] < before["used"] / 2
    assert after["empty"] < 4 << 20


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ((), {"WHIPSNAKE_ALLOCATOR": "0"}),
        (("-X", "whipsnake-allocator=0"), {}),
        ((), {"PYTHONMALLOC": "malloc"}),
        ((), {"PYTHONMALLOC": "pymalloc_debug"}),
        (("-X", "dev"), {}),
        (("-X", "tracemalloc"), {}),
    ],
    ids=lambda value: str(value),
)
def test_another_allocator_stays(options: "tuple[str, ...]", settings: "dict[str, str]") -> None:
    assert held(*options, **settings) == [{}, {}]


def test_a_limit_on_address_space_is_met_as_without() -> None:
    program = """
import resource
limit = 400 << 20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
kept = []
try:
    while True:
        kept.append((str(len(kept)), len(kept) + 0.5))
except MemoryError:
    count = len(kept)
    del kept
print(count > 500_000, len([str(i) for i in range(200_000)]))
"""
    for mode in ("off", "on"):
        outcome = run_python("-c", program, mode=mode)
        assert outcome.out == "True 200000\n", outcome.shown
