"""Loops are optimized on a thread while the program goes on: it must not be seen, whatever happens meanwhile."""

import json

import pytest
from conftest import Outcome, has_compiler, run_python

pytestmark = pytest.mark.skipif(not has_compiler(), reason="nothing is optimized without a compiler")

SOON = {
    "WHIPSNAKE_TIERS": "baseline,optimizing",
    "WHIPSNAKE_CALL_THRESHOLD": "1",
    "WHIPSNAKE_LOOP_THRESHOLD": "1",
    "WHIPSNAKE_OPTIMIZE_THRESHOLD": "1",
}
"""Every loop is asked for at once, so that there is always something on the way."""

FUNCTIONS = """
import os, sys, json, threading, time, warnings
import whipsnake

SOURCE = '''
def f(n, x):
    total = 0.0
    for i in range(n):
        for j in range(5):
            total = total + x * i - j
            if total > 1e6:
                total = total / 2.0
    return total
'''

def make():
    namespace = {}
    exec(SOURCE, namespace)
    return namespace["f"]

def expected(n, x):
    total = 0.0
    i = 0
    while i < n:
        for j in 0, 1, 2, 3, 4:
            total = total + x * i - j
            if total > 1e6:
                total = total / 2.0
        i = i + 1
    return total

def until(condition, functions):
    # Runs the functions until the condition holds of the statistics.
    deadline = time.monotonic() + 60
    while not condition(whipsnake.stats()["regions"]):
        assert time.monotonic() < deadline
        for f in functions:
            assert f(300, 1.5) == RIGHT

whipsnake.never(expected)
whipsnake.never(until)
RIGHT = expected(300, 1.5)
"""


def run(body: str, *options: str, **extra: str) -> Outcome:
    outcome = run_python(*options, "-c", FUNCTIONS + body, mode="on", **{**SOON, **extra})
    assert outcome.code == 0, outcome.shown
    return outcome


def test_the_region_comes_while_the_loop_runs() -> None:
    body = """
until(lambda regions: regions["built"], [make()])
until(lambda regions: not regions["queued"], [make()])
regions = whipsnake.stats()["regions"]
print(json.dumps(regions))
"""
    regions = json.loads(run(body).out)
    assert regions["seconds"]["cranelift"] > 0
    assert regions["cpu_seconds"] > 0


def test_the_thread_is_gone_when_there_is_nothing_to_do() -> None:
    body = """
f = make()
for _ in range(200):
    f(300, 1.5)
deadline = time.monotonic() + 60
while len(os.listdir("/proc/self/task")) > 1:
    assert time.monotonic() < deadline
    time.sleep(0.001)
print(threading.active_count())
"""
    assert run(body).out == "1\n"


def test_loops_of_many_functions_give_what_they_should() -> None:
    body = """
functions = [make() for _ in range(60)]
for _ in range(6):
    for f in functions:
        assert f(300, 1.5) == RIGHT
stats = whipsnake.stats()["regions"]
assert stats["queued_at_most"] <= 16, stats
"""
    run(body)


def test_several_threads_ask() -> None:
    body = """
shared = [make() for _ in range(10)]
wrong = []
def work():
    own = [make() for _ in range(10)]
    for _ in range(10):
        for f in shared + own:
            if f(300, 1.5) != RIGHT:
                wrong.append(f)
threads = [threading.Thread(target=work) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not wrong
"""
    run(body)


def test_a_fork_waits_for_the_thread_and_warns_of_none() -> None:
    # Python warns of a fork while there are threads; children go on with the queue.
    body = """
for round in range(20):
    functions = [make() for _ in range(8)]
    for f in functions:
        assert f(300, 1.5) == RIGHT
    child = os.fork()
    if child == 0:
        for _ in range(5):
            for f in functions + [make()]:
                assert f(300, 1.5) == RIGHT
        if round % 3 == 0:
            grandchild = os.fork()
            if grandchild == 0:
                os._exit(0 if make()(300, 1.5) == RIGHT else 1)
            assert os.waitpid(grandchild, 0)[1] == 0
        os._exit(0)
    for f in functions:
        assert f(300, 1.5) == RIGHT
    assert os.waitpid(child, 0)[1] == 0
print("done")
"""
    assert run(body, "-W", "error").out == "done\n"


def test_a_child_goes_on_with_what_was_asked_for_before_the_fork() -> None:
    body = """
functions = [make() for _ in range(4)]
for f in functions:
    f(300, 1.5)
child = os.fork()
if child == 0:
    until(lambda regions: not regions["queued"], functions)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
until(lambda regions: regions["built"], functions)
"""
    run(body)


def test_a_child_process_is_started_meanwhile() -> None:
    body = """
import subprocess
for _ in range(5):
    for f in [make() for _ in range(4)]:
        assert f(300, 1.5) == RIGHT
    subprocess.run([sys.executable, "-S", "-c", ""], check=True)
    subprocess.run([sys.executable, "-S", "-c", ""], check=True, preexec_fn=lambda: None)
"""
    run(body, "-W", "error")


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("pass", 0),
        ("sys.exit(3)", 3),
        ("os._exit(4)", 4),
        ("raise ValueError", 1),
        ("import atexit; atexit.register(lambda: make()(3000, 1.5))", 0),
    ],
)
def test_the_process_ends_with_jobs_in_flight(end: str, code: int) -> None:
    body = "functions = [make() for _ in range(12)]\nfor f in functions: f(300, 1.5)\n" + end
    for _ in range(5):
        outcome = run_python("-c", FUNCTIONS + body, mode="on", **SOON)
        assert outcome.code == code, outcome.shown


def test_a_code_object_goes_while_its_loop_is_optimized() -> None:
    body = """
import gc
for _ in range(300):
    assert make()(300, 1.5) == RIGHT
gc.collect()
until(lambda regions: regions["built"], [make()])
"""
    run(body)


def test_the_code_of_a_function_is_replaced_meanwhile() -> None:
    body = """
for _ in range(50):
    f, g = make(), make()
    assert f(300, 1.5) == RIGHT
    f.__code__ = (lambda n, x: n).__code__
    assert f(300, 1.5) == 300
    f.__code__ = g.__code__
    for _ in range(5):
        assert f(300, 1.5) == RIGHT
"""
    run(body)


def test_the_compiler_is_switched_off_and_on_meanwhile() -> None:
    body = """
functions = [make() for _ in range(12)]
for _ in range(20):
    for f in functions:
        assert f(300, 1.5) == RIGHT
    whipsnake.disable()
    assert whipsnake.stats()["regions"]["queued"] == 0
    for f in functions:
        assert f(300, 1.5) == RIGHT
    whipsnake.enable()
until(lambda regions: regions["built"], functions)
"""
    run(body)


def test_code_memory_runs_out_meanwhile() -> None:
    body = """
functions = [make() for _ in range(400)]
for _ in range(3):
    for f in functions:
        assert f(300, 1.5) == RIGHT
"""
    run(body, WHIPSNAKE_CODE_MB="1")


def test_signals_reach_the_program() -> None:
    # Were one delivered to the thread, the sleep would not be interrupted.
    body = """
import signal
seen = []
signal.signal(signal.SIGALRM, lambda *_: seen.append(time.monotonic()))
functions = [make() for _ in range(40)]
for f in functions: f(300, 1.5)
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
for f in functions * 20: f(300, 1.5)
signal.setitimer(signal.ITIMER_REAL, 0)
assert seen
"""
    run(body)


def test_with_eager_everything_is_made_on_the_spot() -> None:
    body = """
f = make()
f(300, 1.5)
regions = whipsnake.stats()["regions"]
assert regions["queued_at_most"] == 0 and regions["built"] > 0, regions
"""
    run(body, WHIPSNAKE_EAGER="1")
    run(body, WHIPSNAKE_BACKGROUND="0")


def test_jumps_back_to_one_loop_share_a_region() -> None:
    body = """
SOURCE = '''
def sort_out(values):
    small = even = rest = 0
    for x in values:
        if x < 10:
            small += x
            continue
        if x % 2 == 0:
            even += x
            continue
        rest += x
    return small, even, rest
'''
namespace = {}
exec(SOURCE, namespace)
sort_out = namespace["sort_out"]
values = [(i * 37) % 101 for i in range(30000)]
before = whipsnake.stats()["regions"]["asked"]
right = sort_out(values)
assert sort_out(values) == right
print(whipsnake.stats()["regions"]["asked"] - before)
"""
    assert run(body, WHIPSNAKE_OPTIMIZE_THRESHOLD="100", WHIPSNAKE_BACKGROUND="0").out == "1\n"
