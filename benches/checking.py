"""The check that every program of `everyday` and `kernels` makes of its own result."""

from typing import Any, TypeVar

T = TypeVar("T")


class WrongResult(AssertionError):
    """A program computed something else than it always does."""


def checked(value: T, expected: Any) -> T:  # noqa: UP047 - older Pythons are measured, too
    """The value, if it is the expected one."""
    if value != expected:
        raise WrongResult(f"computed {value!r}, expected {expected!r}")
    return value
