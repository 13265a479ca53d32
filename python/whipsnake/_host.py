"""Whether this Python is one the compiler knows, found out without the compiler."""

import sys

SUPPORTED = (3, 13)
"""The minor version of CPython that this build is for."""

SUB_INTERPRETER = "this is a sub-interpreter; whipsnake works in the main interpreter"
"""The reason why the compiler steps aside in one."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_whipsnake: "ModuleType | None"
try:
    import whipsnake._whipsnake as _whipsnake
except ImportError as _error:
    _whipsnake = None
    _import_error: "ImportError | None" = _error
else:
    _import_error = None


def interpreter_reason() -> "str | None":
    """Why the compiler steps aside in this interpreter; None if it knows it."""
    supported = ".".join(map(str, SUPPORTED))
    if sys.implementation.name != "cpython":
        return f"this is {sys.implementation.name}; whipsnake works with CPython {supported}"
    if sys.version_info[:2] != SUPPORTED:
        running = ".".join(map(str, sys.version_info[:3]))
        return f"this is CPython {running}; this build of whipsnake works with CPython {supported}"
    if hasattr(sys, "gettotalrefcount"):
        return f"this is a debug build of CPython; whipsnake works with release builds of CPython {supported}"
    if "t" in getattr(sys, "abiflags", ""):
        return (
            f"this is a free-threaded build of CPython; whipsnake works with the default build of CPython {supported}"
        )
    if sys.platform != "linux":
        return f"this is {sys.platform}; whipsnake works on Linux"
    return None


def unavailable() -> "str | None":
    """Why the compiler can't run in this process; None if it can."""
    reason = interpreter_reason()
    if reason is not None:
        return reason
    if _whipsnake is None:
        text = str(_import_error)
        if "subinterpreter" in text:
            return SUB_INTERPRETER
        return f"the extension module whipsnake._whipsnake can't be imported: {text}"
    reason = _whipsnake.unavailable()
    if reason is not None and "subinterpreter" in str(reason):
        return SUB_INTERPRETER
    return reason if reason is None else str(reason)
