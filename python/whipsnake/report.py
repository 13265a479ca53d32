"""The short table of statistics that WHIPSNAKE_STATS=1 prints at exit, or writes as JSON to WHIPSNAKE_STATS_FILE."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FILE_VARIABLE = "WHIPSNAKE_STATS_FILE"
"""Names a file that gets the statistics as JSON instead."""

_process: "int | None" = None


def print_at_exit() -> None:
    """Arranges for the table to be printed when this process (not a forked child of it) exits. Once is enough."""
    global _process
    if _process == os.getpid():
        return
    import atexit

    if _process is None:
        atexit.register(_print_here)
    _process = os.getpid()


def _print_here() -> None:
    if _process != os.getpid():
        return
    import whipsnake

    path = os.environ.get(FILE_VARIABLE)
    if path:
        _write(path, whipsnake.stats())
    elif sys.stderr is not None:
        sys.stderr.write(table(whipsnake.stats()))


def _write(path: str, stats: "dict[str, Any]") -> None:
    import json

    try:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(stats, file)
    except OSError as error:
        if sys.stderr is not None:
            sys.stderr.write(f"whipsnake: can't write the statistics: {error}\n")


VERBATIM = ("guard_misses", "most_interpreted")
"""Groups whose entries are named by operations and places, and may be many."""

SHOWN = 10
"""How many of those are shown."""


def table(stats: "dict[str, Any]") -> str:
    """The statistics as lines of text: plain values first, then each group under its name."""
    lines = ["whipsnake statistics"]
    _lines("", stats, 1, lines)
    return "\n".join(lines) + "\n"


def _lines(group: str, entries: "dict[str, Any]", depth: int, lines: "list[str]") -> None:
    plain = [(name, value) for name, value in entries.items() if not isinstance(value, dict)]
    groups = [(name, value) for name, value in entries.items() if isinstance(value, dict) and value]
    indent = "  " * depth
    if depth > 1:
        # In a group the largest counts say most.
        plain.sort(key=lambda entry: -entry[1] if isinstance(entry[1], (int, float)) else 0)
    plain = plain[:SHOWN] if group in VERBATIM else [(_words(name), value) for name, value in plain]
    width = max((len(name) for name, _ in plain), default=0)
    for name, value in plain:
        lines.append(f"{indent}{name.ljust(width)}  {_show(value)}")
    for name, values in groups:
        lines.append(f"{indent}{_words(name)}")
        _lines(name, values, depth + 1, lines)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _show(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3f}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)
