"""A just-in-time compiler for stock CPython.

    import whipsnake
    whipsnake.enable()

or `python -m whipsnake script.py`, `python -X whipsnake script.py`, `WHIPSNAKE=1 python script.py`. The hot functions
and loops of the program then run as machine code, with the same results.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any

# Every program that runs compiled pays for what is imported here, so it is the extension only: what most programs never
# ask for is imported where it is used.
_whipsnake: "ModuleType | None"
try:
    from whipsnake import _whipsnake
except ImportError:
    # `_host` tells why.
    _whipsnake = None

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


class SettingError(ValueError):
    """A setting has a value that isn't allowed. The message is one line and names the setting and its source."""


if TYPE_CHECKING or _whipsnake is None:

    class NotAvailable(RuntimeError):
        """The compiler can't run in this process; the message says why."""

else:
    NotAvailable = _whipsnake.NotAvailable

__version__ = "unknown" if _whipsnake is None else str(_whipsnake.version)

_settings: "dict[str, Any] | None" = None

_DEFAULTS: "dict[str, object]" = {
    "eager": False,
    "tiers": ["baseline", "optimizing"],
    "call_threshold": 75,
    "loop_threshold": 100,
    "optimize_threshold": 2000,
    "background": True,
    "code_mb": 64,
    "allocator": True,
    "stats": False,
}
"""What each setting is where nothing is said. `settings` says what they mean."""


def _resolved(keywords: "dict[str, Any]") -> "dict[str, Any]":
    """The value of every setting, without the module that knows them where nobody has set any."""
    said = keywords or any(name.startswith("WHIPSNAKE_") for name in os.environ)
    if not said and not any(option.startswith("whipsnake-") for option in sys._xoptions):
        return {name: list(value) if isinstance(value, list) else value for name, value in _DEFAULTS.items()}
    from whipsnake import settings

    return settings.resolve(keywords)


def _forbidden(environ: "Mapping[str, str]" = os.environ) -> bool:
    return environ.get("WHIPSNAKE") == "0"


def enable(**keywords: "Any") -> None:
    """Starts compiling what gets hot, with these settings (`python -m whipsnake --help` lists them).

    Raises `NotAvailable`, saying why, where the compiler can't run, and `SettingError` for a value that isn't allowed.
    With `WHIPSNAKE=0` in the environment it does nothing. If the compiler is on already, the settings are replaced.
    """
    global _settings
    values = _resolved(keywords)
    if _forbidden():
        return
    # Only an interpreter that the extension is for finds its file.
    if _whipsnake is None or _whipsnake.unavailable() is not None:
        from whipsnake import _host

        raise NotAvailable(_host.unavailable())
    _whipsnake.enable(values)
    _settings = values
    marks = sys.modules.get("whipsnake._marks")
    if marks is not None:
        marks.apply(_whipsnake)
    if values["stats"]:
        from whipsnake import report

        report.print_at_exit()


def _start_up() -> None:
    """What `whipsnake_start.pth` calls for WHIPSNAKE=1 and `-X whipsnake`."""
    if os.environ.get("WHIPSNAKE") == "1" and "whipsnake" not in sys._xoptions:
        try:
            return enable()
        except (SettingError, NotAvailable):
            # Tried again, by what knows how to say it.
            pass
    from whipsnake import _start

    _start.start()


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

    from whipsnake import _host

    reason = _host.unavailable()
    available = reason is None
    if reason is None and _forbidden():
        reason = "WHIPSNAKE=0 is in the environment"
    in_force = _settings
    if in_force is None:
        try:
            in_force = _resolved({})
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
    from whipsnake import _marks

    _marks.add_never(function, _whipsnake if is_enabled() else None)
    return function


def compile_now[F: "Callable[..., Any]"](function: F) -> F:
    """A decorator: this function is compiled at once (or at `enable()`, if that comes later), hot or not.

    If it can't be compiled it runs interpreted, and a `RuntimeWarning` says why.
    """
    from whipsnake import _marks

    _marks.add_compile_now(function, _whipsnake if is_enabled() else None)
    return function


def is_compiled(function: "Callable[..., Any]") -> bool:
    """Whether calls of this function run as machine code."""
    from whipsnake import _marks

    function = _marks.plain_function(function, "is_compiled")
    return is_enabled() and _whipsnake is not None and bool(_whipsnake.is_compiled(function))


def disassemble(function: "Callable[..., Any]") -> str:
    """The machine code of a compiled function, with the bytecodes it was made from.

    Raises `ValueError` if the function isn't compiled.
    """
    from whipsnake import _marks

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
    from whipsnake import _marks

    function = _marks.plain_function(function, "dump")
    if _whipsnake is None or not is_compiled(function):
        raise ValueError(f"{function.__qualname__}() isn't compiled")
    return str(_whipsnake.dump(function))
