"""What `stats` counts while a program runs."""

import json

import pytest
from conftest import has_compiler, run_python

pytestmark = pytest.mark.skipif(not has_compiler(), reason="nothing is counted without a compiler")

PROGRAM = """
import json, whipsnake

def add(x):
    return x + 1

def loop(n):
    total = 0
    for i in range(n):
        total = add(total)
    return total

def values(n):
    for i in range(n):
        yield i

def consume(n):
    total = 0
    for value in values(n):
        total += value
    return total

%s
print(json.dumps(whipsnake.stats()))
"""


def counted(body: str, **settings: str) -> dict[str, object]:
    outcome = run_python("-c", PROGRAM % body, mode="on", WHIPSNAKE_STATS="1", **settings)
    assert outcome.code == 0, outcome.shown
    stats = json.loads(outcome.out.splitlines()[-1])
    assert isinstance(stats, dict)
    return stats


def test_calls_and_jumps_of_machine_code_are_counted() -> None:
    idle = counted("whipsnake.compile_now(add); whipsnake.compile_now(loop)")
    busy = counted("whipsnake.compile_now(add); whipsnake.compile_now(loop); loop(10000)")
    assert busy["calls_compiled"] - idle["calls_compiled"] == 10001
    assert busy["back_edges_compiled"] - idle["back_edges_compiled"] == 10000
    assert busy["calls_from_outside"] - idle["calls_from_outside"] == 1
    assert busy["calls_interpreted"] == idle["calls_interpreted"]
    assert 0 < busy["share_compiled"] < 1


def test_calls_and_jumps_of_the_interpreter_are_counted() -> None:
    idle = counted("whipsnake.never(add); whipsnake.never(loop)")
    busy = counted("whipsnake.never(add); whipsnake.never(loop); loop(10000)")
    assert busy["calls_interpreted"] - idle["calls_interpreted"] == 10001
    # What else runs at start-up differs by a round or two.
    assert abs(busy["back_edges_interpreted"] - idle["back_edges_interpreted"] - 10000) <= 5
    assert busy["back_edges_compiled"] == idle["back_edges_compiled"]
    assert busy["most_interpreted"]["add (<string>:4)"] == 10000
    assert busy["most_interpreted"]["loop (<string>:7)"] == 10001


def test_generators_that_c_code_consumes_are_counted_once() -> None:
    for settings in ({}, {"WHIPSNAKE_EAGER": "1"}):
        idle = counted("list(values(10))", **settings)
        busy = counted("list(values(10)); list(values(10000))", **settings)
        both = sum(busy[name] - idle[name] for name in ("resumes_compiled", "resumes_interpreted"))
        assert both == 10000
    marks = "whipsnake.compile_now(values); whipsnake.compile_now(consume);"
    idle, busy = counted(marks), counted(marks + "consume(10000)")
    assert busy["resumes_compiled"] - idle["resumes_compiled"] == 10000
    assert busy["resumes_interpreted"] == idle["resumes_interpreted"]


def test_guard_misses_are_counted_by_operation() -> None:
    idle, busy = (counted(f"for value in [1] * 1000 + [1.5] * {n}: add(value)") for n in (0, 777))
    name = "BINARY_OP_ADD_INT"
    assert busy["guard_misses"][name] - idle["guard_misses"].get(name, 0) == 777


def test_side_exits_are_counted_by_reason() -> None:
    body = """
import sys
def switch(n):
    total = 0
    for i in range(n):
        if i == 900:
            sys.settrace(lambda *rest: None)
        total = add(total)
    return total
whipsnake.compile_now(switch)
switch(1000)
sys.settrace(None)
"""
    stats = counted(body)
    assert stats["side_exits"]["instrumented"] >= 1


SELDOM = """
def often(flag, x):
    if flag:
        y = x + 1
        return y * 2
    return x

def seldom(flag, x):
    if flag == 1:
        return x + 1.5 + len(str(x))
    if flag == 2:
        return x * 2.5 + len(repr(x))
    if flag == 3:
        return x - 2.5 - len(ascii(x))
    return x

def all_of(function):
    # Without a loop, which would be compiled itself.
    deque(map(function, range(1000)), 0)

all_of(lambda n: often(False, 1))
all_of(lambda n: seldom(0, 1))
before = whipsnake.stats()
all_of(lambda n: %s)
after = whipsnake.stats()
again = after["recompiled"] - before["recompiled"]
exits = after["side_exits"].get("unreached", 0) - before["side_exits"].get("unreached", 0)
print(json.dumps([again, exits]))
"""


def surprises(call: str) -> list[int]:
    outcome = run_python("-c", "import json, whipsnake\nfrom collections import deque\n" + SELDOM % call, mode="on")
    assert outcome.code == 0, outcome.shown
    found = json.loads(outcome.out)
    assert isinstance(found, list)
    return found


def test_code_that_never_ran_is_left_to_the_interpreter_a_few_times_only() -> None:
    assert surprises("often(False, n)") == [0, 0]
    again, exits = surprises("often(True, n)")
    assert again == 1
    assert 4 <= exits <= 40


def test_code_is_compiled_again_a_few_times_only() -> None:
    again, exits = surprises("seldom(n // 250, n)")
    assert 2 <= again <= 3
    assert exits <= 400


def test_a_loop_that_ran_after_compilation_is_compiled_for_what_it_sees() -> None:
    program = """
import json, whipsnake
def loops(n):
    total = 0
    for i in range(n):
        total += i
    for i in range(n):
        total += i * 0.5
    return total
loops(20000)
stats = whipsnake.stats()
print(json.dumps([stats["recompiled"]]))
"""
    outcome = run_python("-c", program, mode="on")
    assert json.loads(outcome.out)[0] >= 1, outcome.shown


def test_what_is_compiled_on_request_is_compiled_whole() -> None:
    body = """
def never_ran(flag, x):
    if flag:
        return [y * 2 for y in range(x)]
    return x
never_ran(False, 1)
whipsnake.compile_now(never_ran)
before = whipsnake.stats()["side_exits"].get("unreached", 0)
never_ran(True, 5)
assert whipsnake.stats()["side_exits"].get("unreached", 0) == before
"""
    counted(body)


def test_nothing_is_counted_without_the_setting() -> None:
    outcome = run_python("-c", PROGRAM % "loop(10000)", mode="on")
    stats = json.loads(outcome.out)
    assert "share_compiled" not in stats
    assert stats["compiled"] >= 2


def test_the_setting_changes_nothing_else() -> None:
    functions = "(add, loop, values, consume)"
    body = f"print(loop(3000), consume(3000), list(values(5)), *map(whipsnake.is_compiled, {functions}))"
    plain = run_python("-c", PROGRAM % body, mode="on")
    counting = run_python("-c", PROGRAM % body, mode="on", WHIPSNAKE_STATS="1")
    assert plain.out.splitlines()[0] == counting.out.splitlines()[0]


def test_memory_of_dead_instances_is_kept_unless_it_is_traced() -> None:
    body = """
class Pair:
    def __init__(self, first, second):
        self.first, self.second = first, second

def make(n):
    for i in range(n):
        Pair(Pair(i, i), i)

import tracemalloc
%s
whipsnake.compile_now(make)
make(200)
"""
    before = counted(body.replace("make(200)", "") % "")
    usual, traced = counted(body % ""), counted(body % "tracemalloc.start()")
    assert usual["instances_kept"] > before["instances_kept"]
    # What was kept before is left alone.
    assert traced["instances_kept"] == before["instances_kept"]
