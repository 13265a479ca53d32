"""A just-in-time compiler for stock CPython.

    import whipsnake
    whipsnake.enable()

or `python -m whipsnake script.py`, `python -X whipsnake script.py`, `WHIPSNAKE=1 python script.py`. The hot functions
and loops of the program then run as machine code, with the same results.
"""

from whipsnake import _host, _marks, settings
from whipsnake._host import _whipsnake
from whipsnake.settings import SettingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = [
    "NotAvailable",
    "SettingError",
    "__version__",
    "compile_now",
    "disable",
    "disassemble",
    "dump",
    "enable",
    "is_compiled",
    "is_enabled",
    "never",
    "stats",
    "status",
]


if TYPE_CHECKING or _whipsnake is None:

    class NotAvailable(RuntimeError):
        """The compiler can't run in this process; the message says why."""

else:
    NotAvailable = _whipsnake.NotAvailable

__version__ = "unknown" if _whipsnake is None else str(_whipsnake.version)

_settings: "dict[str, Any] | None" = None


def enable(**keywords: "Any") -> None:
    """Starts compiling what gets hot, with these settings (`python -m whipsnake --help` lists them).

    Raises `NotAvailable`, saying why, where the compiler can't run, and `SettingError` for a value that isn't allowed.
    With `WHIPSNAKE=0` in the environment it does nothing. If the compiler is on already, the settings are replaced.
    """
    global _settings
    values = settings.resolve(keywords)
    if settings.forbidden():
        return
    reason = _host.unavailable()
    if reason is not None or _whipsnake is None:
        raise NotAvailable(reason)
    _whipsnake.enable(values)
    _settings = values
    _marks.apply(_whipsnake)
    if values["stats"]:
        from whipsnake import report

        report.print_at_exit()


def disable() -> None:
    """Gives every function back to the interpreter. What was counted stays in `stats()`."""
    global _settings
    if _whipsnake is not None:
        _whipsnake.disable()
    _settings = None


def is_enabled() -> bool:
    """Whether the compiler is on."""
    return _whipsnake is not None and bool(_whipsnake.is_enabled())


def status() -> "dict[str, Any]":
    """Whether the compiler can run here and is on; if not, the reason; versions; the settings in force.

    Keys: `available`, `enabled`, `reason` (None or one line), `versions`, `settings` (those in force, or those that
    `enable()` would use now; None if one is wrong, and then `reason` says which).
    """
    import platform

    reason = _host.unavailable()
    available = reason is None
    if reason is None and settings.forbidden():
        reason = "WHIPSNAKE=0 is in the environment"
    in_force = _settings
    if in_force is None:
        try:
            in_force = settings.resolve({})
        except SettingError as error:
            reason = reason or str(error)
    versions = {
        "whipsnake": __version__,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "supported": ".".join(map(str, _host.SUPPORTED)),
    }
    if _whipsnake is not None:
        versions.update(_whipsnake.versions())
    return {
        "available": available,
        "enabled": is_enabled(),
        "reason": reason,
        "versions": versions,
        "settings": None if in_force is None else dict(in_force),
    }


def stats() -> "dict[str, Any]":
    """What was compiled, refused (with reasons) and executed so far, as nested dicts of numbers."""
    return {} if _whipsnake is None else dict(_whipsnake.stats())


def never[F: "Callable[..., Any]"](function: F) -> F:
    """A decorator: this function always runs interpreted. Works before and after `enable()`."""
    _marks.add_never(function, _whipsnake if is_enabled() else None)
    return function


def compile_now[F: "Callable[..., Any]"](function: F) -> F:
    """A decorator: this function is compiled at once (or at `enable()`, if that comes later), hot or not.

    If it can't be compiled it runs interpreted, and a `RuntimeWarning` says why.
    """
    _marks.add_compile_now(function, _whipsnake if is_enabled() else None)
    return function


def is_compiled(function: "Callable[..., Any]") -> bool:
    """Whether calls of this function run as machine code."""
    function = _marks.plain_function(function, "is_compiled")
    return is_enabled() and _whipsnake is not None and bool(_whipsnake.is_compiled(function))


def disassemble(function: "Callable[..., Any]") -> str:
    """The machine code of a compiled function, with the bytecodes it was made from.

    Raises `ValueError` if the function isn't compiled.
    """
    function = _marks.plain_function(function, "disassemble")
    if _whipsnake is None or not is_compiled(function):
        raise ValueError(f"{function.__qualname__}() isn't compiled")
    return str(_whipsnake.disassemble(function))


def dump(function: "Callable[..., Any]") -> str:
    """What the optimizing tier made of the loops of a compiled function.

    That is bytecode, the graph after each pass, Cranelift's code, machine code, and exits. Graphs are kept only with
    the setting `stats`; `WHIPSNAKE_DUMP=name:pass` prints them when they are made. Raises `ValueError` if the function
    isn't compiled.
    """
    function = _marks.plain_function(function, "dump")
    if _whipsnake is None or not is_compiled(function):
        raise ValueError(f"{function.__qualname__}() isn't compiled")
    return str(_whipsnake.dump(function))
