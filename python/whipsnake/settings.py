"""Every setting: its names, default, allowed values and meaning, in one table; and where its value comes from.

A value given to `whipsnake.enable()` beats `-X whipsnake-NAME`, which beats `WHIPSNAKE_NAME`, which beats the default.
`WHIPSNAKE=0` is no setting: it keeps the compiler off whatever else is said.

This file is imported at start-up by programs that run compiled and have settings: it imports next to nothing.
"""

import os
import sys

from whipsnake import _DEFAULTS, SettingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

TIERS = ("baseline", "optimizing")
"""The tiers that exist, lowest first."""


class Setting:
    """One setting: how it is written, and what it means."""

    __slots__ = ("allowed", "default", "meaning", "name", "read")

    def __init__(self, name: str, allowed: str, read: "Callable[[object], object]", meaning: str) -> None:
        self.name = name
        self.default = _DEFAULTS[name]
        self.allowed = allowed
        self.read = read
        self.meaning = meaning

    @property
    def variable(self) -> str:
        """The environment variable."""
        return "WHIPSNAKE_" + self.name.upper()

    @property
    def x_option(self) -> str:
        """What follows `-X`."""
        return "whipsnake-" + self.name.replace("_", "-")

    @property
    def option(self) -> str:
        """The option of `python -m whipsnake`."""
        return "--" + self.name.replace("_", "-")

    @property
    def is_flag(self) -> bool:
        """Whether it can be given without a value, meaning yes."""
        return isinstance(self.default, bool)

    def show(self, value: object) -> str:
        """A value as one would write it in the environment."""
        if isinstance(value, bool):
            return "1" if value else "0"
        if isinstance(value, (list, tuple)):
            return ",".join(value)
        return str(value)

    def parse(self, value: object, source: str) -> object:
        """Checks a value from a keyword, an option or the environment."""
        try:
            return self.read(value)
        except (TypeError, ValueError):
            given = value if isinstance(value, str) else repr(value)
            raise SettingError(f"{source}={given}: allowed is {self.allowed}") from None


def _read_bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value.lower() in ("1", "yes", "true", "on"):
            return True
        if value.lower() in ("0", "no", "false", "off", ""):
            return False
    raise ValueError


def _read_int(low: int, high: int) -> "Callable[[object], object]":
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise TypeError
        number = int(value)
        if not low <= number <= high:
            raise ValueError
        return number

    return read


def _read_tiers(value: object) -> "list[str]":
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, (list, tuple)) or not value:
        raise TypeError
    tiers = [name.strip() if isinstance(name, str) else name for name in value]
    if any(name not in TIERS for name in tiers):
        raise ValueError
    return tiers


_MAX_COUNT = 2**31 - 1

SETTINGS = (
    Setting(
        "eager",
        "0 or 1",
        _read_bool,
        "compile at the first call and enter loops at the first back-edge; for tests",
    ),
    Setting(
        "tiers",
        "a list, separated by commas, of: " + ", ".join(TIERS),
        _read_tiers,
        "the tiers of the compiler that may be used",
    ),
    Setting(
        "call_threshold",
        f"a number from 1 to {_MAX_COUNT}",
        _read_int(1, _MAX_COUNT),
        "calls of a function before it is compiled; more while a module is being imported",
    ),
    Setting(
        "loop_threshold",
        f"a number from 1 to {_MAX_COUNT}",
        _read_int(1, _MAX_COUNT),
        "rounds of a running loop before it is compiled and entered; more while a module is being imported",
    ),
    Setting(
        "optimize_threshold",
        f"a number from 1 to {_MAX_COUNT}",
        _read_int(1, _MAX_COUNT),
        "rounds of a loop in compiled code before it is optimized",
    ),
    Setting(
        "background",
        "0 or 1",
        _read_bool,
        "optimize on a thread while the program goes on; with eager, always on the spot",
    ),
    Setting(
        "code_mb",
        "a number from 1 to 1024",
        _read_int(1, 1024),
        "limit for machine code, in MiB",
    ),
    Setting(
        "allocator",
        "0 or 1",
        _read_bool,
        "take small objects from an allocator quicker than pymalloc; it stays once it is there",
    ),
    Setting(
        "stats",
        "0 or 1",
        _read_bool,
        "count more, and print a short table at exit",
    ),
)
"""All settings, in the order in which they are shown."""

BY_NAME = {setting.name: setting for setting in SETTINGS}


def resolve(
    keywords: "Mapping[str, Any]",
    x_options: "Mapping[str, str | bool] | None" = None,
    environ: "Mapping[str, str] | None" = None,
) -> "dict[str, Any]":
    """The value of every setting; the first source that has one wins, and each that is used is checked."""
    if x_options is None:
        x_options = sys._xoptions
    if environ is None:
        environ = os.environ
    for name in keywords:
        if name not in BY_NAME:
            raise SettingError(f"there is no setting {name!r}; there are: {', '.join(BY_NAME)}")
    for option in x_options:
        if option.startswith("whipsnake-") and not any(option == known.x_option for known in SETTINGS):
            known_options = ", ".join(known.x_option for known in SETTINGS)
            raise SettingError(f"-X {option}: there is no such setting; there are: {known_options}")
    values = {}
    for setting in SETTINGS:
        if setting.name in keywords:
            value = setting.parse(keywords[setting.name], setting.name)
        elif setting.x_option in x_options:
            given = x_options[setting.x_option]
            if given is True and not setting.is_flag:
                given = ""
            value = setting.parse(given, "-X " + setting.x_option)
        elif setting.variable in environ:
            value = setting.parse(environ[setting.variable], setting.variable)
        else:
            value = setting.default
        values[setting.name] = list(value) if isinstance(value, list) else value
    return values
