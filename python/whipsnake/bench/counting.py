"""One more run with counting code: how much ran compiled, what was compiled, which exits were taken."""

import json
from typing import Any

from whipsnake.bench.launcher import Launcher

TOP = 8
"""How many exits, misses and functions are kept."""


def variables(launcher: Launcher) -> dict[str, str]:
    """What makes a process write its statistics."""
    return {"WHIPSNAKE_STATS": "1", "WHIPSNAKE_STATS_FILE": launcher.path("stats")}


def take(launcher: Launcher) -> dict[str, Any] | None:
    """What the last process has written; None if it has not (it ended by `os._exit`, say)."""
    try:
        with open(launcher.path("stats"), encoding="utf-8") as file:
            stats = json.load(file)
    except (OSError, ValueError):
        return None
    forget(launcher)
    return shortened(stats)


def forget(launcher: Launcher) -> None:
    """Empties the file, so that nothing of another process is taken."""
    with open(launcher.path("stats"), "w", encoding="utf-8"):
        pass


def shortened(stats: dict[str, Any]) -> dict[str, Any]:
    """The plain counts, and the largest of each group."""
    kept: dict[str, Any] = {}
    for name, value in stats.items():
        if isinstance(value, dict):
            entries = sorted(value.items(), key=lambda entry: -entry[1] if isinstance(entry[1], (int, float)) else 0)
            kept[name] = dict(entries[:TOP])
        else:
            kept[name] = value
    return kept


def exits_line(stats: dict[str, Any], top: int = 3) -> str:
    """The most frequent side exits, or where there are none the guards that failed most."""
    parts: list[str] = []
    for group in ("side_exits", "guard_misses"):
        entries = [(name, count) for name, count in stats.get(group, {}).items() if count]
        parts += [f"{name} ×{count:,}" for name, count in entries[: top - len(parts)]]
    return ", ".join(parts)
