"""What `whipsnake.dump` and `WHIPSNAKE_DUMP` show of the optimizing tier."""

import pytest
import whipsnake
from conftest import has_compiler, run_python

pytestmark = pytest.mark.skipif(not has_compiler(), reason="nothing is optimized without a compiler")

PROGRAM = """
import whipsnake

class Counter:
    def run(self, n):
        total = 0.0
        for i in range(n):
            total = total + i * 0.5
        return total

def other(n):
    for i in range(n):
        pass

Counter().run(100000)
other(100000)
"""

STAGES = ["graph", "unbox", "reuse", "cancel_pairs", "cranelift"]
SETTINGS = {"WHIPSNAKE_TIERS": "baseline,optimizing", "WHIPSNAKE_BACKGROUND": "0"}


def headings(text: str) -> list[str]:
    return [line.rpartition(": ")[2] for line in text.splitlines() if line.startswith("== ")]


@pytest.mark.parametrize("stats", ["0", "1"])
def test_stages_of_a_function(stats: str) -> None:
    body = PROGRAM + "print(whipsnake.dump(Counter.run))"
    outcome = run_python("-c", body, mode="on", WHIPSNAKE_STATS=stats, **SETTINGS)
    assert outcome.code == 0, outcome.shown
    found = headings(outcome.out)
    assert found[0] == "== bytecode", found
    assert {"machine", "exits"} <= set(found), found
    assert [stage for stage in found if stage in STAGES] == (STAGES if stats == "1" else []), found


def test_a_function_that_is_not_compiled_has_no_stages() -> None:
    with pytest.raises(ValueError, match=r"test_.*\(\) isn't compiled"):
        whipsnake.dump(test_a_function_that_is_not_compiled_has_no_stages)


@pytest.mark.parametrize(
    ("wanted", "stages"),
    [
        ("run:reuse", ["reuse"]),
        ("Counter.run:graph,machine", ["graph", "machine"]),
        ("nothing:all", []),
    ],
)
def test_stages_are_printed_when_they_are_made(wanted: str, stages: list[str]) -> None:
    outcome = run_python("-c", PROGRAM, mode="on", WHIPSNAKE_DUMP=wanted, **SETTINGS)
    assert outcome.code == 0, outcome.shown
    assert headings(outcome.err) == stages, outcome.shown
    assert "other" not in outcome.err


def test_a_region_is_not_entered_again_and_again_where_somebody_has_the_frame() -> None:
    # After each call the region looks whether somebody has the frame. Where that was so before, it would be left in
    # each round.
    body = """
import sys

class Log:
    count = 0
    def __setitem__(self, key, value):
        self.count += value

def fill(numbers, log, seen):
    frame = sys._getframe() if seen else None
    total = 0
    for i in numbers:
        total += i * i & 255
        total += i * i & 255
        log[i] = 1
    return total

for k in range(40):
    fill(range(3000), Log(), k >= 20)
"""
    outcome = run_python("-c", body, mode="on", WHIPSNAKE_DUMP="fill:machine,exits", **SETTINGS)
    assert outcome.code == 0, outcome.shown
    found = headings(outcome.err)
    assert "machine" in found
    assert found.count("exits") < 200


def test_ints_of_32_bits_are_combined_in_registers() -> None:
    body = """
import whipsnake

def mixed(values, n):
    total = 0xFFFFFFFF
    for i in range(n):
        total = values[i & 3] ^ (total >> 1) ^ 0xEDB88320
    return total

for _ in range(3):
    mixed([0x80000001, 0xC0000000, 0xFFFFFFFF, 0x40000000], 100000)
print(whipsnake.dump(mixed))
"""
    outcome = run_python("-c", body, mode="on", WHIPSNAKE_STATS="1", **SETTINGS)
    assert outcome.code == 0, outcome.shown
    graph = outcome.out.partition(": reuse\n")[2].partition("\n== ")[0]
    assert "xor" in graph, outcome.shown
    assert "CombineInts" not in graph, graph
