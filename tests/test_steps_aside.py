"""On other Pythons the package imports, stays off, and says why."""

import sys
from types import SimpleNamespace

import pytest
from conftest import run_python
from whipsnake import _host


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"implementation": SimpleNamespace(name="pypy")}, "this is pypy; whipsnake works with CPython 3.13"),
        (
            {"version_info": (3, 14, 1)},
            "this is CPython 3.14.1; this build of whipsnake works with CPython 3.13",
        ),
        ({"gettotalrefcount": lambda: 0}, "this is a debug build of CPython"),
        ({"abiflags": "t"}, "this is a free-threaded build of CPython"),
        ({"platform": "sunos5"}, "this is sunos5; whipsnake works on Linux"),
    ],
)
def test_reasons(monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], words: str) -> None:
    assert _host.interpreter_reason() is None
    for name, value in changes.items():
        monkeypatch.setattr(sys, name, value, raising=False)
    assert str(_host.interpreter_reason()).startswith(words)


def test_missing_extension_module_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_host, "_whipsnake", None)
    monkeypatch.setattr(_host, "_import_error", ImportError("no such file"))
    assert _host.unavailable() == "the extension module whipsnake._whipsnake can't be imported: no such file"


def test_sub_interpreter_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_host, "_whipsnake", None)
    monkeypatch.setattr(
        _host, "_import_error", ImportError("module _whipsnake does not support loading in subinterpreters")
    )
    assert str(_host.unavailable()).startswith("this is a sub-interpreter")


def test_another_evaluator_sees_the_calls_of_compiled_code() -> None:
    """PEP 523: a function that evaluates frames, set while compiled code runs."""
    pytest.importorskip("_testinternalcapi")
    code = """
import _testinternalcapi

def callee(x): return x + 1
def middle(x): return callee(x) + 1

def recorded():
    calls = []
    _testinternalcapi.set_eval_frame_record(calls)
    middle(1)
    callee(1)
    _testinternalcapi.set_eval_frame_default()
    return calls

for i in range(200): middle(i)
for i in range(60): seen = recorded()
print(seen)
print(sum(middle(i) for i in range(300)))
"""
    expected = run_python("-c", code, mode="off")
    assert "middle" in expected.out
    for mode in ("on", "low", "eager"):
        outcome = run_python("-c", code, mode=mode)
        assert outcome[1:3] == expected[1:3], outcome.shown
