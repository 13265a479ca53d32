"""Writes the figures of kept measurements into `docs/performance.md`, losers included; the means into the README."""

import argparse
import os
import sys
from typing import Any

from whipsnake.bench import document
from whipsnake.bench.errors import BenchError
from whipsnake.bench.terminal import show_seconds

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE, README = os.path.join(ROOT, "docs", "performance.md"), os.path.join(ROOT, "README.md")
BEGIN, END = "<!-- figures: benches/publish.py writes this -->\n", "<!-- end of figures -->\n"
WORDS = {"best": "steady", "first": "first call"}


def section(doc: dict[str, Any]) -> list[str]:
    """One suite: what it was measured on, the means, and every program, the slowest first."""
    base, *others = document.names(doc)
    machine, plan = doc["machine"], doc["settings"]
    lines = [f"### {doc['kind']}, {doc['started'][:10]}, commit {doc['commit'] or 'unknown'}", ""]
    lines += [
        f"{machine['cpu']}, {machine['cores']} cores, load {machine['load']} at the start; {plan['pairs']} rounds.",
        "",
    ]
    lines += [f"* {runtime['name']}: {runtime['build']}" for runtime in doc["runtimes"]]
    lines += [f"* Warning: {warning}." for warning in doc["warnings"]]
    for measure, by_runtime in doc["summary"].items():
        for other, summary in by_runtime.items():
            mean = f"{summary['estimate']:.2f} ({summary['low']:.2f} to {summary['high']:.2f})"
            lines.append(f"* **{other}, {WORDS[measure]}: geometric mean of {summary['programs']}: {mean}**")
    columns = [(measure, other) for measure in plan["measures"] for other in others]
    heads = [f"{other}, {WORDS[measure]}" for measure, other in columns]
    lines += ["", "| ".join(["| program ", f"{base} ", *(head + " " for head in heads)]) + "|"]
    lines.append("|---" * (len(columns) + 2) + "|")
    measured = [program for program in doc["programs"] if program["ratios"].get(plan["measures"][0])]
    for program in sorted(measured, key=lambda one: one["ratios"][plan["measures"][0]][others[0]]["estimate"]):
        best = min(document.measure_of(run, plan["measures"][0]) for run in program["runs"][base])
        cells = [program["name"], show_seconds(best)]
        for measure, other in columns:
            found = program["ratios"][measure][other]
            shown = f"{found['estimate']:.2f} ({found['low']:.2f}–{found['high']:.2f})"
            cells.append(f"**{shown}**" if found["high"] < 1 else shown)
        lines.append("| " + " | ".join(cells) + " |")
    left_out = [f"{one['name']} ({one['failure'] or one['skipped']})" for one in doc["programs"] if one not in measured]
    if left_out:
        lines += ["", "Not measured: " + "; ".join(text.splitlines()[0] for text in left_out) + "."]
    return [*lines, ""]


def overview(docs: list[dict[str, Any]]) -> list[str]:
    """All suites in a table: the geometric means, and the slowest program of each."""
    lines = ["| programs | compared with off | geometric mean | slowest |", "|---|---|---|---|"]
    for doc in docs:
        for measure, by_runtime in doc["summary"].items():
            for other, summary in by_runtime.items():
                ratios = {
                    program["name"]: program["ratios"][measure][other]["estimate"]
                    for program in doc["programs"]
                    if program["ratios"].get(measure)
                }
                slowest = min(ratios, key=lambda name: ratios[name])
                what = f"{doc['kind']} ({summary['programs']})" + (", first call" if measure == "first" else "")
                lines.append(f"| {what} | {other} | {summary['estimate']:.2f} | {slowest} {ratios[slowest]:.2f} |")
    dates = ", ".join(sorted({doc["started"][:10] for doc in docs}))
    base = docs[0]["runtimes"][0]
    return [
        *lines,
        "",
        f"{dates}, {docs[0]['machine']['cpu']}, {docs[0]['settings']['pairs']} rounds; off is {base['build']}.",
    ]


def replaced(path: str, lines: list[str]) -> None:
    """Puts lines between a file's two marks."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{path} has no marks for figures")
    document.write(path, before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + after)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", metavar="FILE.json", help="what `bench --suite` has kept")
    options = parser.parse_args()
    try:
        docs = [document.load(path) for path in options.files]
    except BenchError as error:
        raise SystemExit(str(error)) from None
    if any(doc["kind"] == "script" for doc in docs):
        raise SystemExit("only measurements of suites are published")
    replaced(PAGE, [line for doc in docs for line in section(doc)])
    replaced(README, [*overview(docs), ""])
    return 0


if __name__ == "__main__":
    sys.exit(main())
