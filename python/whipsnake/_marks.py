"""Functions marked with `@whipsnake.never` and `@whipsnake.compile_now`.

A mark may be set before the compiler is on, so it is kept here (without keeping the function alive) and handed over by
each `enable()`.
"""

from _weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

_never: "list[ref[Any]]" = []
_compile: "list[ref[Any]]" = []


def plain_function(function: "Any", what: str) -> "Any":
    """The Python function behind a function, method, staticmethod or classmethod."""
    plain = getattr(function, "__func__", function)
    if not hasattr(plain, "__code__") or not hasattr(plain, "__globals__"):
        raise TypeError(f"whipsnake.{what}() takes a Python function, not {type(function).__name__}")
    return plain


def add_never(function: "Callable[..., Any]", backend: "ModuleType | None") -> None:
    """Marks a function as never to be compiled."""
    code = plain_function(function, "never").__code__
    _never.append(ref(code, _never.remove))
    if backend is not None:
        backend.never(code)


def add_compile_now(function: "Callable[..., Any]", backend: "ModuleType | None") -> None:
    """Marks a function to be compiled at once."""
    plain = plain_function(function, "compile_now")
    _compile.append(ref(plain, _compile.remove))
    if backend is not None:
        _compile_one(plain, backend)


def apply(backend: "ModuleType") -> None:
    """Hands all marks to a compiler that was just turned on."""
    for mark in list(_never):
        code = mark()
        if code is not None:
            backend.never(code)
    for mark in list(_compile):
        function = mark()
        if function is not None:
            _compile_one(function, backend)


def _compile_one(function: "Any", backend: "ModuleType") -> None:
    try:
        backend.compile_now(function)
    except backend.Refused as refusal:
        import warnings

        message = f"{function.__qualname__}() stays interpreted: {refusal}"
        warnings.warn(message, RuntimeWarning, stacklevel=4)
