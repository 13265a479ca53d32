"""The functions of the package, with the compiler and in a build without it."""

import gc
import subprocess
import sys
import textwrap
import warnings
import weakref

import pytest
import whipsnake
from conftest import environment, has_compiler, run_python


def run(source: str, **extra: str) -> str:
    """Runs source in a fresh process that has none of our variables; returns what it printed."""
    outcome = run_python("-c", textwrap.dedent(source), mode="plain", **extra)
    assert outcome.code == 0, outcome.shown
    return outcome.out


def test_status_has_its_keys() -> None:
    status = whipsnake.status()
    assert set(status) == {"available", "enabled", "reason", "versions", "settings"}
    assert status["available"] == (status["reason"] is None)
    assert status["versions"]["whipsnake"] == whipsnake.__version__
    assert status["versions"]["supported"] == "3.13"


def test_enable_and_disable() -> None:
    out = run(
        """
        import whipsnake
        try:
            whipsnake.enable(code_mb=7)
        except whipsnake.NotAvailable as error:
            assert str(error) == whipsnake.status()["reason"], error
            print("not available")
        else:
            status = whipsnake.status()
            assert status["enabled"] and whipsnake.is_enabled() and status["settings"]["code_mb"] == 7
            whipsnake.disable()
            assert not whipsnake.is_enabled()
            whipsnake.enable()
            assert whipsnake.status()["settings"]["code_mb"] == 64
            print("available")
        """
    )
    assert out == ("available\n" if has_compiler() else "not available\n")


def test_enable_checks_settings_first() -> None:
    with pytest.raises(whipsnake.SettingError, match=r"^code_mb=many: allowed is"):
        whipsnake.enable(code_mb="many")
    with pytest.raises(whipsnake.SettingError, match="there is no setting 'speed'"):
        whipsnake.enable(speed=11)


def test_marks_return_the_function_and_do_not_keep_it_alive() -> None:
    def make() -> weakref.ref[object]:
        @whipsnake.never
        @whipsnake.compile_now
        def function() -> int:
            return 1

        assert function() == 1
        return weakref.ref(function)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reference = make()
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize("name", ["never", "compile_now", "is_compiled", "disassemble"])
def test_only_python_functions(name: str) -> None:
    with pytest.raises(TypeError, match=rf"whipsnake\.{name}\(\) takes a Python function, not builtin_function"):
        getattr(whipsnake, name)(len)


def test_marks_on_methods() -> None:
    class Holder:
        @whipsnake.never
        @staticmethod
        def plain() -> int:
            return 1

        @whipsnake.never
        @classmethod
        def of_class(cls) -> int:
            return 2

    assert (Holder.plain(), Holder.of_class()) == (1, 2)


def test_compile_now_before_and_after_enable() -> None:
    out = run(
        """
        import whipsnake

        @whipsnake.compile_now
        def before(x): return x + 1

        try: whipsnake.enable()
        except whipsnake.NotAvailable: pass

        @whipsnake.compile_now
        def after(x): return x + 2

        @whipsnake.never
        @whipsnake.compile_now
        def never(x): return x + 3

        def cold(x): return x + 4

        print(before(1), after(1), never(1), cold(1))
        print(*map(whipsnake.is_compiled, (before, after, cold)))
        """
    )
    values, compiled = out.splitlines()
    assert values == "2 3 4 5"
    assert compiled == ("True True False" if has_compiler() else "False False False")


def test_never_stays_interpreted() -> None:
    out = run(
        """
        import whipsnake

        @whipsnake.never
        def early(x): return x + 1

        try: whipsnake.enable(eager=True)
        except whipsnake.NotAvailable: pass

        @whipsnake.never
        def late(x): return x + 1

        def other(x): return x + 1

        for _ in range(2000): early(1); late(1); other(1)
        print(*map(whipsnake.is_compiled, (early, late, other)))
        """
    )
    assert out == f"False False {has_compiler()}\n"


def test_disassemble() -> None:
    def cold() -> None:
        pass

    with pytest.raises(ValueError, match=r"test_disassemble\.<locals>\.cold\(\) isn't compiled"):
        whipsnake.disassemble(cold)
    out = run(
        """
        import whipsnake

        @whipsnake.compile_now
        def add(x, y): return x + y

        try: whipsnake.enable()
        except whipsnake.NotAvailable: print("not available")
        else: print(whipsnake.disassemble(add))
        """
    )
    if has_compiler():
        assert "RETURN_VALUE" in out
        assert "BINARY_OP" in out
    else:
        assert out == "not available\n"


def test_disassemble_after_the_bytecode_was_specialised() -> None:
    out = run(
        """
        import whipsnake
        def total(values):
            found = 0
            for value in values:
                found += value[0] * 2
            return found
        try:
            whipsnake.enable()
        except whipsnake.NotAvailable:
            print("not available")
        else:
            whipsnake.compile_now(total)
            before = whipsnake.disassemble(total)
            whipsnake.disable()
            for _ in range(100):
                total([(1.5,), (2.5,)])
            whipsnake.enable()
            after = whipsnake.disassemble(total)
            code = lambda text: [line.split("  ", 1)[1] for line in text.splitlines() if line.startswith(" " * 9)]
            assert "FOR_ITER" in before and "FOR_ITER_LIST" in after, after
            assert len(code(after)) > 50 and code(before) == code(after), after
            print("available")
        """
    )
    assert out == ("available\n" if has_compiler() else "not available\n")


def test_long_functions_are_called_more_often_before_they_are_compiled() -> None:
    out = run(
        """
        import whipsnake
        def short(x):  # but not so small that the interpreter keeps its own calls of it
            return x + 1 if x else 2
        names = {}
        exec("def long(x):\\n" + "    x = x + 1\\n" * 200 + "    return x", names)
        long = names["long"]
        try:
            whipsnake.enable(call_threshold=20)
        except whipsnake.NotAvailable:
            print("not available")
        else:
            calls = []
            for function in short, long:
                count = 0
                while not whipsnake.is_compiled(function):
                    function(1)
                    count += 1
                calls.append(count)
            assert calls[0] == 20 < calls[1] < 400, calls
            print("available")
        """
    )
    assert out == ("available\n" if has_compiler() else "not available\n")


def test_stats_are_nested_dicts_of_plain_values() -> None:
    def check(entries: dict[str, object]) -> None:
        for name, value in entries.items():
            assert isinstance(name, str)
            if isinstance(value, dict):
                check(value)
            else:
                assert isinstance(value, (int, float, str))

    stats = whipsnake.stats()
    check(stats)
    assert bool(stats) == has_compiler()


def test_statistics_table_at_exit() -> None:
    outcome = run_python("-c", "for i in range(10000): pass", mode="on", WHIPSNAKE_STATS="1")
    assert outcome.code == 0
    assert outcome.out == ""
    if has_compiler():
        assert outcome.err.startswith("whipsnake statistics\n")
        assert "compiled" in outcome.err
        assert len(outcome.err.splitlines()) < 60
    else:
        assert outcome.err.startswith("whipsnake: running without the compiler")


def test_start_file_imports_nothing_when_off() -> None:
    code = "import sys; print(any(name.startswith('whipsnake') for name in sys.modules))"
    assert run(code) == "False\n"
    assert run(code, WHIPSNAKE="0") == "False\n"


def test_start_file_is_quick_when_off() -> None:
    """Well under 0.2 ms: the line of the .pth file, as `site` runs it."""
    import pathlib
    import time

    text = (pathlib.Path(__file__).parent.parent / "whipsnake.data/purelib/whipsnake_start.pth").read_text()
    assert text.startswith("import ")
    assert len(text.splitlines()) == 1
    best = 1.0
    for _ in range(200):
        start = time.perf_counter()
        exec(text, {})
        best = min(best, time.perf_counter() - start)
    assert best < 0.0002


def test_enabling_with_defaults_imports_the_extension_only() -> None:
    """Of the package: what knows settings, marks and unfit hosts is for those who have them."""
    code = "import sys; print(*sorted(name for name in sys.modules if name.startswith('whipsnake')))"
    without = ["whipsnake", "whipsnake._host", "whipsnake._start", "whipsnake._whipsnake"]
    assert run(code, WHIPSNAKE="1").split() == (["whipsnake", "whipsnake._whipsnake"] if has_compiler() else without)


def test_enabling_imports_little() -> None:
    """Modules that the interpreter doesn't import by itself cost start-up time."""
    code = "import sys; print(*sorted(sys.modules))"
    plain = set(run(code).split())
    on = run_python("-c", code, mode="on").out.split()
    ours = {name for name in on if name not in plain and name != "whipsnake" and not name.startswith("whipsnake.")}
    assert ours <= {"_weakref", "warnings"}


def test_sub_interpreters_stay_interpreted_quietly() -> None:
    out = run_python(
        "-c",
        """if True:
        import _interpreters
        interpreter = _interpreters.create("isolated")
        error = _interpreters.run_string(interpreter, '''if True:
            import whipsnake
            status = whipsnake.status()
            assert not status["available"] and not status["enabled"]
            assert "sub-interpreter" in status["reason"], status
            print(sum(range(10)), flush=True)
        ''')
        assert error is None, error
        """,
        mode="on",
    )
    assert out.code == 0, out.shown
    assert out.out == "45\n"
    if has_compiler():
        assert out.err == ""


def test_stubs_are_installed() -> None:
    import pathlib

    folder = pathlib.Path(whipsnake.__file__).parent
    assert (folder / "py.typed").exists()
    assert (folder / "_whipsnake.pyi").exists()


def test_forked_child_prints_no_table() -> None:
    code = "import os, sys\nif os.fork() == 0: sys.exit(0)\nos.wait()"
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(WHIPSNAKE="1", WHIPSNAKE_STATS="1"),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0
    assert result.stderr.count("whipsnake statistics") == int(has_compiler())


def test_never_takes_a_function_back_that_is_compiled() -> None:
    out = run(
        """
        import whipsnake

        try: whipsnake.enable(eager=True)
        except whipsnake.NotAvailable: pass

        def make():
            def inner(x):
                total = 0
                for i in range(x): total += i
                return total
            return inner

        def caller(f, n):
            total = 0
            for _ in range(n):
                if total == 450: whipsnake.never(f); whipsnake.never(caller)
                total += f(10)
            return total

        def generator(n):
            for i in range(n):
                if i == 5: whipsnake.never(generator)
                yield i

        one, two = make(), make()
        print(caller(one, 3), one(10), two(10), sum(generator(10)))
        compiled = [whipsnake.is_compiled(f) for f in (one, two, caller)]
        print(caller(one, 30), one(10), two(10), make()(10), sum(generator(10)))
        print(*compiled, *map(whipsnake.is_compiled, (one, two, caller, make(), generator)))
        print(one(10), whipsnake.is_compiled(one), whipsnake.is_compiled(make))
        """
    )
    flags = f"{has_compiler()} " * 3
    assert out == f"135 45 45 45\n1350 45 45 45 45\n{flags}False False False False False\n45 False {has_compiler()}\n"
