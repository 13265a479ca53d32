"""`--history`: a page over all measurements that were kept, from commit to commit."""

import os
from html import escape
from typing import Any

from whipsnake.bench import document, figures, terminal
from whipsnake.bench.errors import BenchError
from whipsnake.bench.page import MEASURES, cell, frame, heads

GOALS: dict[tuple[str, str], dict[str, float]] = {
    ("core", "best"): {"goal 2.50×": 2.5},
    ("everyday", "best"): {"goal 2.00×": 2.0},
    ("everyday", "first"): {"goal 1.00×": 1.0},
}
"""Geometric means to reach, by suite and measure."""

PAGE = "history.html"


def main(folder: str) -> int:
    """Makes the page."""
    docs = load_all(folder)
    path = os.path.join(folder, PAGE)
    document.write(path, page(docs))
    terminal.say(f"{len(docs)} measurements in {path}")
    return 0


def load_all(folder: str) -> list[dict[str, Any]]:
    """All that were kept, oldest first. Files of others in the folder are left alone."""
    try:
        found = sorted(os.listdir(folder))
    except OSError as error:
        raise BenchError(f"{folder}: {error.strerror}") from None
    docs = []
    for name in found:
        if name.endswith(".json") and not name.endswith(".pyperf.json"):
            try:
                docs.append(document.load(os.path.join(folder, name)))
            except BenchError as error:
                terminal.say(f"left out: {error}")
    docs = [doc for doc in docs if doc["kind"] != "script" and doc["summary"]]
    if not docs:
        raise BenchError(f"there is no measurement of a suite in {folder}")
    return sorted(docs, key=lambda doc: str(doc["started"]))


def label(doc: dict[str, Any]) -> str:
    """When and of what."""
    return f"{doc['started'][:16].replace('T', ' ')} {doc['commit'] or ''}".strip()


def page(docs: list[dict[str, Any]]) -> str:
    """The whole page: for each suite, measure and runtime a line over time, then every program's ratio."""
    parts = ["<h1>whipsnake bench: history</h1>"]
    for suite in dict.fromkeys(doc["kind"] for doc in docs):
        of_suite = [doc for doc in docs if doc["kind"] == suite]
        series = dict.fromkeys(
            (measure, other) for doc in of_suite for measure, found in doc["summary"].items() for other in found
        )
        for measure, other in series:
            chosen = [doc for doc in of_suite if other in doc["summary"].get(measure, {})]
            parts.append(f"<h2>{escape(suite)}, {escape(other)}, {MEASURES[measure]}</h2>")
            points = [(label(doc), doc["summary"][measure][other]) for doc in chosen]
            parts.append(f"<figure>{figures.over_time(points, GOALS.get((suite, measure), {}))}</figure>")
            parts.append(table(chosen, measure, other))
    return frame("whipsnake bench: history", "\n".join(parts))


def table(docs: list[dict[str, Any]], measure: str, other: str) -> str:
    """A row for each program, a column for each measurement; and how the last differs from the first."""
    names = dict.fromkeys(program["name"] for doc in docs for program in doc["programs"])
    columns = []
    for doc in docs:
        by_name = {program["name"]: program["ratios"].get(measure, {}).get(other) for program in doc["programs"]}
        columns.append({name: found["estimate"] for name, found in by_name.items() if found})
    rows = []
    for name in names:
        values = [column.get(name) for column in columns]
        seen = [value for value in values if value is not None]
        if seen:
            change = seen[-1] / seen[0] if len(seen) > 1 else None
            cells = "".join(cell(value, f"{value:.2f}×" if value else "", is_ratio=True) for value in values)
            rows.append(
                f"<tr><td>{escape(name)}</td>{cells}{cell(change, f'{change - 1:+.1%}' if change else '')}</tr>"
            )
    heading = heads(["program", *(label(doc) for doc in docs), "last against first"], -1)
    return f'<div class="scroll"><table class="sortable">{heading}<tbody>{"".join(rows)}</tbody></table></div>'
