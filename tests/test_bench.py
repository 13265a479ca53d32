"""`python -m whipsnake bench`: what it says of programs, of suites, and of everything that can go wrong."""

import importlib.util
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Outcome, environment, has_compiler, run_python
from whipsnake.bench import document, history, intervals, launcher, runtimes, session

pytestmark = pytest.mark.skipif(not has_compiler(), reason="there is nothing to compare without a compiler")

PROGRAM = """
import sys

def work(n):
    total = 0
    for i in range(n):
        total += i % 7
    return total

print(work(20_000), sys.argv[1:])
"""


def bench(*arguments: object, **extra: str) -> Outcome:
    return run_python("-m", "whipsnake", "bench", *map(str, arguments), mode="plain", **extra)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


def kept(folder: Path) -> dict[str, Any]:
    (path,) = (path for path in folder.glob("*.json") if not path.name.endswith(".pyperf.json"))
    return document.load(str(path))


def test_a_script(script: Path, tmp_path: Path) -> None:
    outcome = bench("--pairs", 2, "--results", tmp_path / "kept", script, "a", "-m", "b")
    assert outcome.code == 0, outcome.shown
    assert "runs of each in turn" in outcome.out
    assert "of calls and jumps back ran compiled" in outcome.out
    assert "\r" not in outcome.err, "a progress bar where there is no terminal"
    doc = kept(tmp_path / "kept")
    (program,) = doc["programs"]
    assert [len(runs) for runs in program["runs"].values()] == [2, 2]
    assert all(run["wall"] > 0 and run["peak_kib"] > 5000 for run in program["runs"]["on"])
    assert len(program["curves"]["on"]) >= 4
    assert program["counts"]["share_compiled"] > 0.5
    assert (tmp_path / "kept" / next(iter((tmp_path / "kept").glob("*.html"))).name).read_text().startswith("<!doctype")


def test_a_module(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(script.parent)
    outcome = bench("--fast", "--results", tmp_path / "kept", "-m", "program", "--fast")
    assert outcome.code == 0, outcome.shown
    assert kept(tmp_path / "kept")["what"] == "-m program --fast"


def test_against(script: Path, tmp_path: Path) -> None:
    other = f"other=WHIPSNAKE_BENCH_TEST=1 {sys.executable} -X utf8"
    outcome = bench("--fast", "--against", other, "--results", tmp_path / "kept", script)
    assert outcome.code == 0, outcome.shown
    doc = kept(tmp_path / "kept")
    assert document.names(doc) == ["off", "on", "other"]
    assert set(doc["summary"]["wall"]) == {"on", "other"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to measure"),
        (["nosuch.py"], "there is no file nosuch.py"),
        (["-m"], "-m needs a module"),
        (["--suite", "core", "x.py"], "a script or --suite, not both"),
        (["--suite", "core", "--filter", "nosuch"], "no program of the suite core matches"),
        (["--modes", "off,sideways", "SCRIPT"], "allowed are off, on, baseline, eager"),
        (["--modes", "off", "SCRIPT"], "two runtimes with different names are needed"),
        (["--against", "pypy", "SCRIPT"], "expected NAME=COMMAND"),
        (["--against", "on=python", "SCRIPT"], "the name must be"),
        (["--against", "x=/no/such/python", "SCRIPT"], "x can't run: /no/such/python: "),
        (["--against", "x=false", "SCRIPT"], "x can't run: false: exit code 1"),
        (["--against", "x=echo", "SCRIPT"], "doesn't seem to be a Python"),
        (["--page", "nosuch.json"], "nosuch.json: No such file"),
        (["--history", "--results", "nosuch"], "nosuch: No such file"),
    ],
)
def test_bad_input_is_a_line(arguments: list[str], message: str, script: Path, tmp_path: Path) -> None:
    words = [str(script) if word == "SCRIPT" else word for word in arguments]
    outcome = bench("--results", tmp_path / "kept", *words) if "--results" not in words else bench(*words)
    assert outcome.code == 1, outcome.shown
    assert message in outcome.err
    assert outcome.err.startswith("whipsnake: ")
    assert "Traceback" not in outcome.err
    assert not (tmp_path / "kept").exists()


def test_a_compiler_that_is_kept_off(script: Path) -> None:
    outcome = bench("--modes", "off,on", script, WHIPSNAKE_TIERS="nonsense")
    assert outcome.code == 1
    assert "nonsense" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_script_that_fails(tmp_path: Path) -> None:
    path = tmp_path / "fails.py"
    path.write_text("import sys; sys.stderr.write('the reason\\n'); sys.exit(3)")
    outcome = bench("--fast", path)
    assert outcome.code == 1
    assert "fails (off): exit code 3" in outcome.err
    assert "the reason" in outcome.err


def test_a_script_that_takes_too_long(tmp_path: Path) -> None:
    path = tmp_path / "slow.py"
    path.write_text("import time; time.sleep(60)")
    outcome = bench("--fast", "--timeout", 0.5, path)
    assert outcome.code == 1
    assert "took more than 0.5 s (off); see --timeout" in outcome.err


def test_other_output_is_an_error_that_says_how_to_go_on(tmp_path: Path) -> None:
    path = tmp_path / "differs.py"
    path.write_text("import whipsnake\nprint('same')\nprint(whipsnake.is_enabled())\n")
    outcome = bench("--pairs", 2, path)
    assert outcome.code == 1
    assert "line 2 is 'True', not 'False'" in outcome.err
    assert f"python -m whipsnake bisect {path}" in outcome.err


def test_what_was_measured_before_a_difference_is_kept(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    path = tmp_path / "later.py"
    # The compiler is on in every second run; from its third on the program prints something else.
    path.write_text(
        f"import whipsnake\nwith open({str(counter)!r}, 'a+') as f:\n"
        "    if whipsnake.is_enabled():\n        f.write('x')\n    f.seek(0)\n    n = len(f.read())\n"
        "print(whipsnake.is_enabled() and n > 2)\n"
    )
    outcome = bench("--pairs", 4, "--results", tmp_path / "kept", path)
    assert outcome.code == 1, outcome.shown
    assert "does something else with on" in outcome.err
    doc = kept(tmp_path / "kept")
    assert "does something else" in doc["error"]
    assert len(doc["programs"][0]["runs"]["on"]) == 1


def test_output_that_always_differs_is_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "random.py"
    path.write_text("import os\nprint(os.urandom(8))\n")
    outcome = bench("--fast", "--results", tmp_path / "kept", path)
    assert outcome.code == 0, outcome.shown
    assert "the output differs from run to run" in outcome.out


@pytest.mark.parametrize("to_all", [True, False], ids=["as a terminal does", "only the command itself"])
def test_ctrl_c_keeps_what_was_measured(to_all: bool, tmp_path: Path) -> None:
    path, runs = tmp_path / "sleeps.py", tmp_path / "runs"
    path.write_text(f"import time\nwith open({str(runs)!r}, 'a') as f:\n    f.write('x')\ntime.sleep(0.15)")
    command = [sys.executable, "-m", "whipsnake", "bench", "--pairs", "500", "--budget", "500"]
    process = subprocess.Popen(
        [*command, "--results", str(tmp_path / "kept"), str(path)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    # On a loaded machine the first runs may take long.
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not runs.exists() or runs.stat().st_size < 10):
        time.sleep(0.1)
    if to_all:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "interrupted; this is what was measured" in out
    assert "Traceback" not in err
    doc = kept(tmp_path / "kept")
    assert doc["interrupted"]
    assert doc["programs"][0]["runs"]["off"]


def test_progress_on_a_terminal(script: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "whipsnake", "bench", "--fast", "--results", str(tmp_path / "kept"), str(script)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:
        pass
    assert process.wait() == 0
    assert "█".encode() in shown
    assert shown.endswith(b"\r\x1b[K")


def test_a_suite_of_ours(tmp_path: Path) -> None:
    options = ["--pairs", 2, "--suite", "kernels", "--filter", "sieve,collatz", "--results", tmp_path / "kept"]
    outcome = bench(*options, WHIPSNAKE_BENCH_SIZE="")
    assert outcome.code == 0, outcome.shown
    assert "on, first call: geometric mean of 2" in outcome.out
    doc = kept(tmp_path / "kept")
    assert [program["name"] for program in doc["programs"]] == ["sieve", "collatz"]
    assert all(len(run["values"]) == 8 for program in doc["programs"] for run in program["runs"]["on"])
    assert history.main(str(tmp_path / "kept")) == 0


def test_publishing_needs_both_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "benches"))
    import publish

    outcome = bench("--fast", "--suite", "kernels", "--filter", "sieve", "--results", tmp_path / "kept")
    assert outcome.code == 0, outcome.shown
    (file,) = (path for path in (tmp_path / "kept").glob("*.json") if not path.name.endswith(".pyperf.json"))
    page, readme = tmp_path / "page.md", tmp_path / "readme.md"
    for path in (page, readme):
        path.write_text(f"before\n{publish.BEGIN}old\n{publish.END}after\n")
    monkeypatch.setattr(publish, "PAGE", str(page))
    monkeypatch.setattr(publish, "README", str(readme))
    monkeypatch.setattr(sys, "argv", ["publish.py", str(file)])
    assert publish.main() == 0
    for path in (page, readme):
        text = path.read_text()
        assert text.startswith("before\n")
        assert text.endswith("after\n")
        assert "sieve" in text
        assert "old" not in text
    readme.write_text("no marks")
    with pytest.raises(SystemExit, match="no marks"):
        publish.main()
    assert readme.read_text() == "no marks"


def test_a_suite_of_pyperformance(tmp_path: Path) -> None:
    import pyperf

    outcome = bench("--fast", "--suite", "core", "--filter", "deepcopy_memo,richards_super", "--results", tmp_path)
    assert outcome.code == 0, outcome.shown
    (off,) = tmp_path.glob("*.off.pyperf.json")
    suite = pyperf.BenchmarkSuite.load(str(off))
    assert sorted(suite.get_benchmark_names()) == ["deepcopy_memo", "richards_super"]
    assert all(len(one.get_values()) == 4 for one in suite)
    (on,) = tmp_path.glob("*.on.pyperf.json")
    compared = run_python("-m", "pyperf", "compare_to", str(off), str(on), mode="off")
    assert compared.code == 0, compared.shown
    assert "deepcopy_memo" in compared.out


def test_counts() -> None:
    outcome = bench("--suite", "kernels", "--filter", "collatz", "--counts", 1)
    assert outcome.code == 0, outcome.shown
    assert "median " in outcome.out


def test_a_program_that_fails_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "benches" / "kernels"
    (tmp_path / "benches" / "everyday").mkdir(parents=True)
    folder.mkdir()
    (folder / "__init__.py").write_text("PROGRAMS = ('breaks', 'works')")
    (folder / "breaks.py").write_text("def run():\n    raise ValueError('why')\n")
    (folder / "works.py").write_text("def run():\n    return sum(range(1000))\n")
    extra = {"WHIPSNAKE_BENCHES": str(tmp_path / "benches")}
    outcome = bench("--fast", "--suite", "kernels", "--results", tmp_path / "kept", **extra)
    assert outcome.code == 1, outcome.shown
    assert "FAILED breaks: off: exit code 1" in outcome.err
    assert "ValueError: why" in outcome.err
    assert [bool(program["failure"]) for program in kept(tmp_path / "kept")["programs"]] == [True, False]


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from whipsnake.bench import errors, programs

    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(errors.BenchError, match=r"pyperf isn't installed.*whipsnake\[bench\]"):
        programs.select("core", None)


def test_the_harness_costs_little() -> None:
    """Measuring `true` takes next to nothing, starting a process included; and no memory is added."""
    with launcher.Launcher() as started:
        python = runtimes.of_mode("off", [])
        assert min(started.run(["true"], python.environment()).wall for _ in range(100)) < 0.002
        inside = "import os; print(next(line for line in open('/proc/self/status') if 'VmHWM' in line).split()[1])"
        run = started.run([*python.command, "-c", inside], python.environment())
        # What ends an interpreter takes a little more.
        assert abs(run.peak_kib - int(run.out)) < 2048


def test_intervals() -> None:
    assert intervals.signed_rank_counts(3) == [1, 1, 1, 2, 1, 1, 1]
    six = intervals.interval([1.0, 1.1, 1.2, 1.3, 1.4, 1.5])
    assert six.low == pytest.approx(1.0)
    assert six.high == pytest.approx(1.5)
    assert six.confidence == pytest.approx(1 - 2 / 64)
    many = intervals.interval([1 + index / 100 for index in range(20)])
    assert many.confidence >= 0.95
    assert 1.0 < many.low < many.estimate < many.high < 1.19
    # One disturbed run of many hardly moves the estimate.
    assert intervals.interval([2.0] * 9 + [20.0]).estimate == pytest.approx(2.0)
    assert intervals.interval([1.5]).confidence == 0
    assert intervals.mean_interval([intervals.Interval(2, 1, 4, 0.95)]).low == pytest.approx(1)


def test_warm_after() -> None:
    assert session.warm_after([1.0, 1.0]) is None
    assert session.warm_after([5.0, 4.0, 1.0, 1.0, 1.0, 1.0]) == 9.0
    assert session.warm_after([1.0] * 10) == 0.0


def test_statistics_go_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    outcome = run_python("-c", "pass", mode="on", WHIPSNAKE_STATS="1", WHIPSNAKE_STATS_FILE=str(path))
    assert (outcome.code, outcome.err) == (0, "")
    assert "share_compiled" in json.loads(path.read_text())
    outcome = run_python("-c", "pass", mode="on", WHIPSNAKE_STATS="1", WHIPSNAKE_STATS_FILE=str(tmp_path / "no" / "x"))
    assert outcome.code == 0
    assert outcome.err.startswith("whipsnake: can't write the statistics")


def test_a_folder_called_bench_is_not_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "bench").mkdir()
    command = [sys.executable, "-m", "whipsnake", "bench", "--suite", "kernels", "--list"]
    # An installed wheel does not know where the checkout is.
    benches = str(Path(__file__).parent.parent / "benches")
    env = {**environment(), "WHIPSNAKE_BENCHES": benches}
    outcome = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert "sieve" in outcome.stdout
