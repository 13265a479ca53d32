"""Pictures for the page: bars of ratios, and curves of times, as HTML and SVG without anything from elsewhere."""

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from whipsnake.bench.terminal import show_seconds


def bar(found: dict[str, float], largest: float) -> str:
    """One ratio on a logarithmic scale from 0.5 on, with its interval, and a line at 1."""
    low_end, high_end = math.log(0.5), math.log(max(2.0, largest) * 1.05)

    def place(value: float) -> float:
        share = (math.log(max(value, 0.5)) - low_end) / (high_end - low_end)
        return min(100.0, max(0.0, 100 * share))

    one, value = place(1.0), place(found["estimate"])
    kind = "slower" if found["estimate"] < 1 else "faster"
    left, right = min(one, value), max(one, value)
    return (
        '<span class="bar" aria-hidden="true">'
        f'<i class="{kind}" style="left:{left:.1f}%;width:{right - left:.1f}%"></i>'
        f'<i class="range" style="left:{place(found["low"]):.1f}%;'
        f'width:{max(0.3, place(found["high"]) - place(found["low"])):.1f}%"></i>'
        f'<i class="one" style="left:{one:.1f}%"></i></span>'
    )


WIDTH, HEIGHT, MARGIN = 320.0, 110.0, 6.0


def curves(by_runtime: dict[str, list[float]]) -> str:
    """The time of each iteration, a line for each runtime."""
    top = max((max(values) for values in by_runtime.values() if values), default=0.0)
    if not top:
        return ""
    lines = []
    for number, (name, values) in enumerate(by_runtime.items()):
        if values:
            lines.append(line(values, top, f"s{number % 6}", f"{name}: {show_seconds(values[-1])} in the end"))
    label = f'<text x="4" y="12">{escape(show_seconds(top))}</text>'
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="time of each iteration">'
        f'<line class="axis" x1="0" x2="{WIDTH:g}" y1="{HEIGHT - MARGIN:g}" y2="{HEIGHT - MARGIN:g}"/>'
        + "".join(lines)
        + label
        + "</svg>"
    )


def line(values: Sequence[float], top: float, kind: str, title: str) -> str:
    """One line from the left to the right, 0 at the bottom."""
    step = (WIDTH - 2 * MARGIN) / max(1, len(values) - 1)
    points = " ".join(
        f"{MARGIN + step * index:.1f},{HEIGHT - MARGIN - (HEIGHT - 3 * MARGIN) * value / top:.1f}"
        for index, value in enumerate(values)
    )
    return f'<polyline class="{kind}" points="{points}"><title>{escape(title)}</title></polyline>'


def legend(names: Sequence[str]) -> str:
    """Which colour is which runtime."""
    return (
        '<p class="legend">'
        + " ".join(f'<b class="s{n % 6}">{escape(name)}</b>' for n, name in enumerate(names))
        + "</p>"
    )


GOAL_HEIGHT, GOAL_WIDTH = 220.0, 640.0


def over_time(points: Sequence[tuple[str, dict[str, Any]]], goals: dict[str, float]) -> str:
    """Geometric means from commit to commit, with their intervals, and lines at the goals."""
    highest: float = max([point["high"] for _, point in points] + list(goals.values()) + [1.1]) * 1.05
    lowest: float = min([point["low"] for _, point in points] + [0.9])

    def y(value: float) -> float:
        return GOAL_HEIGHT - 24 - (GOAL_HEIGHT - 34) * (value - lowest) / (highest - lowest)

    step = (GOAL_WIDTH - 80) / max(1, len(points) - 1)
    parts = []
    for text, value in {"1.00×": 1.0, **goals}.items():
        parts.append(f'<line class="goal" x1="40" x2="{GOAL_WIDTH:g}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(f'<text x="42" y="{y(value) - 3:.1f}">{escape(text)}</text>')
    places = [(50 + step * index, point) for index, (_, point) in enumerate(points)]
    way = " ".join(f"{x:.1f},{y(point['estimate']):.1f}" for x, point in places)
    parts.append(f'<polyline class="s1" points="{way}"/>')
    for (x, point), (label, _) in zip(places, points, strict=True):
        shown = f"{label}: {point['estimate']:.2f}× ({point['low']:.2f}–{point['high']:.2f})"
        parts.append(
            f'<line class="error" x1="{x:.1f}" x2="{x:.1f}" y1="{y(point["low"]):.1f}" y2="{y(point["high"]):.1f}"/>'
        )
        parts.append(
            f'<circle class="dot" cx="{x:.1f}" cy="{y(point["estimate"]):.1f}" r="4">'
            f"<title>{escape(shown)}</title></circle>"
        )
    return f'<svg class="wide" viewBox="0 0 {GOAL_WIDTH:g} {GOAL_HEIGHT:g}" role="img">{"".join(parts)}</svg>'
