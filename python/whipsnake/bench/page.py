"""The page about one measurement: one file of HTML with everything in it."""

import os
from html import escape
from typing import Any

from whipsnake.bench import counting, document, figures
from whipsnake.bench.terminal import show_mib, show_seconds

MEASURES = {"best": "steady", "first": "first call", "wall": "wall time", "cpu": "CPU time"}
FOLDER = os.path.dirname(os.path.abspath(__file__))


def resource(name: str) -> str:
    """A file beside this one."""
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def frame(title: str, body: str) -> str:
    """A whole page."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>\n<style>\n{resource('page.css')}</style></head>\n<body>\n{body}\n"
        f"<script>\n{resource('page.js')}</script>\n</body></html>\n"
    )


def of(doc: dict[str, Any]) -> str:
    """The page of a document."""
    title = f"whipsnake bench: {doc['what']}"
    parts = [f"<h1>{escape(title)}</h1>", conditions(doc), cards(doc)]
    if document.names(doc)[1:]:
        parts.append(table(doc))
    parts += [curves(doc), compiled(doc), method(doc)]
    return frame(title, "\n".join(part for part in parts if part))


def conditions(doc: dict[str, Any]) -> str:
    """Machine, builds and warnings: what the figures hold for."""
    machine = doc["machine"]
    commit = f", commit {doc['commit']}" if doc["commit"] else ""
    lines = [
        f'<p class="soft">{escape(doc["started"].replace("T", " "))}{escape(commit)}; {escape(machine["cpu"])}, '
        f"{machine['cores']} cores, {machine['memory_mib']:,} MiB, load {machine['load']} at the start; "
        f"{escape(machine['system'])}</p>"
    ]
    if doc["interrupted"]:
        lines.append('<p class="warning">Interrupted: this is what was measured until then.</p>')
    if doc.get("error"):
        lines.append(f'<p class="warning">{escape(doc["error"])}</p>')
    lines += [f'<p class="warning">{escape(warning)}</p>' for warning in doc["warnings"]]
    rows = "".join(
        f"<tr><td><b>{escape(one['name'])}</b></td><td class=exits>{escape(one['build'])}<br>"
        f"<small>{escape(one['command'])}</small></td></tr>"
        for one in doc["runtimes"]
    )
    return "\n".join(lines) + f'\n<div class="scroll"><table>{rows}</table></div>'


def cards(doc: dict[str, Any]) -> str:
    """The figures that matter most."""
    found = []
    for measure, by_runtime in doc["summary"].items():
        for other, summary in by_runtime.items():
            worst = ", ".join(f"{escape(name)} {ratio:.2f}×" for name, ratio in summary["worst"].items())
            many = f"geometric mean of {summary['programs']} programs" if summary["programs"] > 1 else "one program"
            worst_line = f"<small>slowest: {worst}</small>" if summary["programs"] > 1 else ""
            found.append(
                f'<div class="card">{escape(other)}, {MEASURES[measure]}<b>{summary["estimate"]:.2f}×</b>'
                f"<small>{summary['low']:.2f}–{summary['high']:.2f}, {many}</small><br>{worst_line}</div>"
            )
    return f'<div class="cards">{"".join(found)}</div>'


def heads(names: list[str], sorted_by: int) -> str:
    """The head of a table that sorts."""
    cells = [
        f"<th{' aria-sort=descending' if number == sorted_by else ''}><button>{escape(name)}</button></th>"
        for number, name in enumerate(names)
    ]
    return f"<thead><tr>{''.join(cells)}</tr></thead>"


def cell(value: float | None, shown: str, more: str = "", is_ratio: bool = False) -> str:
    """A cell that sorts by its value."""
    if value is None:
        return '<td data-value="">–</td>'
    kind = ' class="slow"' if is_ratio and value < 1 else ""
    return f'<td data-value="{value!r}"{kind}>{escape(shown)}{more}</td>'


def table(doc: dict[str, Any]) -> str:
    """Every program: ratios with bars, times, memory; the fastest first."""
    base, *others = document.names(doc)
    measures = doc["settings"]["measures"]
    columns = [f"{other}/{base} {MEASURES[measure]}" for measure in measures for other in others]
    columns += [f"{name} time" for name in document.names(doc)] + [f"{name} memory" for name in document.names(doc)]
    ratios = [
        found["estimate"]
        for program in doc["programs"]
        for by_runtime in program["ratios"].values()
        for found in by_runtime.values()
    ]
    largest = max(ratios, default=2.0)

    def rank(program: dict[str, Any]) -> float:
        by_runtime = program["ratios"].get(measures[0], {})
        return -float(by_runtime[others[0]]["estimate"]) if others[0] in by_runtime else 0.0

    rows = []
    for program in sorted(doc["programs"], key=rank):
        cells = [f"<td>{escape(program['name'])}{note(program)}</td>"]
        for measure in measures:
            for other in others:
                found = program["ratios"].get(measure, {}).get(other)
                shown = f"{found['estimate']:.2f}× ({found['low']:.2f}–{found['high']:.2f})" if found else ""
                more = figures.bar(found, largest) if found else ""
                cells.append(cell(found and found["estimate"], shown, more, is_ratio=True))
        every = [program["runs"].get(name, []) for name in document.names(doc)]
        for runs in every:
            best = min((document.measure_of(run, measures[0]) for run in runs), default=None)
            cells.append(cell(best, show_seconds(best) if best is not None else ""))
        for runs in every:
            peak = min((run["peak_kib"] for run in runs), default=None)
            cells.append(cell(peak, show_mib(peak) if peak is not None else ""))
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return (
        '<h2>Programs</h2>\n<div class="scroll"><table class="sortable" id="programs">'
        f"{heads(['program', *columns], 1)}"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def note(program: dict[str, Any]) -> str:
    """Why there are no figures, and what else is to be said."""
    texts = [
        program["failure"] and "failed: " + program["failure"],
        program["skipped"] and "skipped: " + program["skipped"],
    ]
    shown = [text for text in [*texts, *program["notes"]] if text]
    return "".join(f"<br><small>{escape(text[:200])}</small>" for text in shown)


def curves(doc: dict[str, Any]) -> str:
    """The time of each iteration of each program."""
    drawn = []
    for program in doc["programs"]:
        picture = figures.curves(program["curves"])
        if picture:
            warm = "; ".join(
                f"{name} warm after {show_seconds(seconds)}"
                for name, seconds in program["warm_after"].items()
                if seconds
            )
            caption = f"<b>{escape(program['name'])}</b> <span class=soft>{escape(warm)}</span>"
            drawn.append(f"<figure>{picture}<figcaption>{caption}</figcaption></figure>")
    if not drawn:
        return ""
    head = "<h2>Warm-up: the time of each iteration in a fresh process</h2>" + figures.legend(document.names(doc))
    return head + f'<div class="grid">{"".join(drawn)}</div>'


def compiled(doc: dict[str, Any]) -> str:
    """What the compiler did, from a run with counting code."""
    rows = []
    for program in doc["programs"]:
        counts = program["counts"]
        if counts:
            share = counts.get("share_compiled")
            rows.append(
                f"<tr><td>{escape(program['name'])}</td>{cell(share, f'{share:.1%}' if share is not None else '')}"
                f"{cell(counts['compiled'], f'{counts["compiled"]:,}')}"
                f"{cell(counts['compile_seconds'], show_seconds(counts['compile_seconds']))}"
                f"{cell(counts['bytes'], f'{counts["bytes"]:,}')}"
                f'<td class="exits">{escape(counting.exits_line(counts))}</td></tr>'
            )
    if not rows:
        return ""
    names = ["program", "ran compiled", "functions", "compile time", "code bytes", "most frequent exits and misses"]
    return (
        f'<h2>What the compiler did</h2>\n<div class="scroll"><table class="sortable" id="compiled">{heads(names, -1)}'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def method(doc: dict[str, Any]) -> str:
    """How it was measured."""
    plan = doc["settings"]
    return (
        "<h2>How this was measured</h2>"
        f"<p>Every value comes from a fresh process; the runtimes take turns, {plan['pairs']} rounds or more. "
        f"Of pyperformance's programs each process throws {plan['warmups']} value away as warm-up and keeps "
        f"{plan['values']} of about {plan['seconds']:g} s; the best counts. A ratio is Hodges and Lehmann's "
        "estimate over the rounds, its interval Wilcoxon's (95 % confidence from six rounds on). Times are the "
        "best seen; memory is the process's peak.</p>"
        f'<p class="soft">Made by <code>python -m whipsnake bench</code> in {doc["seconds"]:g} s.</p>'
    )
