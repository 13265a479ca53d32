"""`python -m whipsnake`: the program can't tell how it was started."""

import os
from pathlib import Path

import pytest
from conftest import Outcome, has_compiler, run_python
from whipsnake import __main__, settings

LOOK = """\
import sys
print(sys.argv)
print(sys.path[0])
print(__name__, sys.modules["__main__"].__dict__ is globals())
print(sorted(name for name in globals() if not name.startswith("__")))
print(globals().get("__file__"), globals().get("__package__"), globals().get("__spec__") is None)
print(sys.flags, sys.warnoptions)
frame, depth = sys._getframe(), 0
while frame.f_back:
    frame, depth = frame.f_back, depth + 1
print("frames", depth)
"""


def clean(outcome: Outcome) -> tuple[int, str, str]:
    """What a process did, without the line that says why there is no compiler."""
    err = outcome.err
    if not has_compiler():
        lines = err.splitlines(keepends=True)
        err = "".join(line for line in lines if not line.startswith("whipsnake: running without the compiler"))
    return outcome.code, outcome.out, err


def same(*arguments: str, before: tuple[str, ...] = (), stdin: str | None = None) -> tuple[int, str, str]:
    """Runs it with and without `-m whipsnake` and asserts that nothing differs."""
    plain = run_python(*before, *arguments, mode="plain", stdin=stdin)
    ours = run_python(*before, "-m", "whipsnake", *arguments, mode="plain", stdin=stdin)
    assert clean(ours) == clean(plain)
    return clean(ours)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(LOOK)
    return path


@pytest.mark.parametrize("before", [(), ("-I",), ("-P",), ("-W", "error", "-O"), ("-bb", "-X", "dev")])
def test_script(script: Path, before: tuple[str, ...]) -> None:
    code, out, _ = same(str(script), "a", "--b", "-c", "-m", before=before)
    assert code == 0
    assert out.startswith(f"['{script}', 'a', '--b', '-c', '-m']")


def test_script_through_a_link(script: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "link.py"
    link.parent.mkdir()
    link.symlink_to(script)
    same(str(link))


def test_module(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(script.parent)
    code, out, _ = same("-m", "program", "a", "--stats")
    assert code == 0
    assert out.startswith(f"['{script}', 'a', '--stats']")


def test_package_and_folder_and_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "__main__.py").write_text(LOOK)
    monkeypatch.chdir(tmp_path)
    same("-m", "pack", "x")
    same("pack", "x")
    import zipfile

    with zipfile.ZipFile("pack.zip", "w") as archive:
        archive.writestr("__main__.py", LOOK)
    same("pack.zip", "x")


def test_code() -> None:
    code, out, _ = same("-c", LOOK, "a", "b")
    assert code == 0
    assert out.startswith("['-c', 'a', 'b']")


def test_standard_input() -> None:
    same("-", "a", stdin=LOOK)
    same(stdin=LOOK)


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("import sys; sys.exit(7)", 7),
        ("raise SystemExit('a message')", 1),
        ("1 / 0", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15),
        ("raise KeyboardInterrupt", -2),
        (
            "def f(): raise ValueError('deep')\ntry: f()\nexcept ValueError as e: raise KeyError('late') from e",
            1,
        ),
        ("import sys; sys.excepthook = lambda *a: print('hook', a[0].__name__); 1 / 0", 1),
        ("import atexit; atexit.register(print, 'bye'); 1 / 0", 1),
        ("x = = 1", 1),
    ],
)
def test_endings(tmp_path: Path, ending: str, expected: int) -> None:
    path = tmp_path / "ends.py"
    path.write_text(ending)
    assert same(str(path))[0] == expected
    assert same("-c", ending)[0] == expected


def test_missing_programs() -> None:
    assert same("no/such/file.py")[0] == 2
    assert same("-m", "no_such_module")[0] == 1


def test_help_names_every_setting() -> None:
    outcome = run_python("-m", "whipsnake", "--help", mode="plain")
    assert outcome.code == 0
    for setting in settings.SETTINGS:
        for name in (setting.option, setting.variable, "-X " + setting.x_option, f"enable({setting.name}="):
            assert name in outcome.out
        assert f"default: {setting.show(setting.default)}" in outcome.out


def test_version() -> None:
    import whipsnake

    outcome = run_python("-m", "whipsnake", "--version", mode="plain")
    assert outcome.code == 0
    first, second = outcome.out.splitlines()
    assert first.startswith(f"whipsnake {whipsnake.__version__} on CPython 3.13.")
    assert second.startswith("available" if has_compiler() else "not available: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--turbo", "x.py"], "there is no option --turbo"),
        (["-q", "x.py"], "there is no option -q"),
        (["--code-mb"], "--code-mb needs a value"),
        (["--code-mb=x", "x.py"], "--code-mb=x: allowed is a number from 1 to 1024"),
        (["--code-mb", "0", "x.py"], "--code-mb=0: allowed is a number from 1 to 1024"),
        (["-m"], "-m needs an argument"),
    ],
)
def test_usage_errors_are_one_line(arguments: list[str], message: str) -> None:
    outcome = run_python("-m", "whipsnake", *arguments, mode="plain")
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("whipsnake: " + message)
    assert len(outcome.err.splitlines()) == 1


def test_options_become_settings() -> None:
    code = "import whipsnake; print(whipsnake.status()['settings'])"
    outcome = run_python("-m", "whipsnake", "--eager", "--code-mb", "5", "--tiers=baseline", "-c", code, mode="plain")
    assert outcome.code == 0, outcome.shown
    values = settings.resolve({"eager": True, "code_mb": 5, "tiers": "baseline"}, {}, {})
    assert outcome.out == f"{values}\n"


@pytest.mark.parametrize(
    ("original", "count", "expected"),
    [
        (["python", "-m", "whipsnake", "x.py"], 1, []),
        (["python", "-mwhipsnake", "x.py"], 1, []),
        (["python", "-Im", "whipsnake"], 0, ["-I"]),
        (["python", "-Imwhipsnake"], 0, ["-I"]),
        (
            ["python", "-X", "dev", "-W", "error", "-m", "whipsnake", "-m", "whipsnake"],
            2,
            ["-X", "dev", "-W", "error"],
        ),
        (["program"], 0, None),
        (["program", "whipsnake"], 0, None),
        (["program", "x", "whipsnake"], 0, None),
    ],
)
def test_interpreter_options(original: list[str], count: int, expected: list[str] | None) -> None:
    assert __main__.interpreter_options(original, count) == expected


def test_without_site_it_says_what_to_do() -> None:
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__main__.__file__)))
    outcome = run_python("-S", "-m", "whipsnake", "-c", "1", mode="plain", PYTHONPATH=folder)
    assert (outcome.code, outcome.out) == (2, "")
    assert "whipsnake_start.pth" in outcome.err
