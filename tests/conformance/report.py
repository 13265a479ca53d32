"""What the results say: what fails with the compiler only, and the generated part of docs/conformance.md."""

from pathlib import Path

from runner import Result

START, END = "<!-- generated: cargo xtask conformance -->", "<!-- end of the generated part -->"

Results = dict[str, dict[str, Result]]
"""By file, then by mode."""


def read_excused(path: Path) -> dict[str, str]:
    """Test cases that may fail, with the reason: lines of `NAME reason`.

    One that starts with `eager: ` holds in that mode only.
    """
    excused = {}
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, _, reason = line.partition(" ")
            excused[pattern] = reason.strip()
    return excused


def is_excused(case: str, mode: str, excused: dict[str, str]) -> bool:
    reason = excused.get(case, "")
    return reason != "" and (mode != "default" or not reason.startswith("eager: "))


def differences(test: str, modes: dict[str, Result], mode: str, excused: dict[str, str]) -> list[str]:
    """What goes wrong in this mode and not with the compiler off, without what is excused."""
    off, on = modes.get("off"), modes.get(mode)
    if off is None or on is None or (on["status"] in ("passed", "skipped") and on["status"] == off["status"]):
        return []
    if on["status"] in ("crashed", "timeout"):
        return [f"{test}: {on['status']}"] if off["status"] not in ("crashed", "timeout") else []
    if on["status"] == "skipped" and off["status"] != "skipped":
        return [f"{test}: skipped"]
    # A case that failed off may fail on; `(test.test_x.Class)` stays the same.
    cases = [case for case in on["failed"] if case not in off["failed"]]
    new = [case for case in cases if not is_excused(case, mode, excused)]
    if not cases and on["status"] == "failed" and off["status"] in ("passed", "skipped"):
        return [f"{test}: failed outside of its test cases"]
    return [f"{test}: {case}" for case in new]


def table(results: Results, excused: dict[str, str]) -> list[str]:
    """The generated part: totals, differences, then every file that doesn't simply pass in all modes."""
    modes = [mode for mode in ("off", "default", "eager") if any(mode in entry for entry in results.values())]
    lines = ["| | " + " | ".join(modes) + " |", "|---|" + "---|" * len(modes)]
    for status in ("passed", "skipped", "failed", "crashed", "timeout"):
        counts = [sum(entry.get(mode, {}).get("status") == status for entry in results.values()) for mode in modes]
        lines.append(f"| files that {describe(status)} | " + " | ".join(map(str, counts)) + " |")
    counts = [sum(entry.get(mode, {}).get("cases", 0) for entry in results.values()) for mode in modes]
    lines.append("| test cases run | " + " | ".join(f"{count:,}" for count in counts) + " |")
    lines += ["", "### Differences", ""]
    for mode in modes[1:]:
        found = [line for test in sorted(results) for line in differences(test, results[test], mode, excused)]
        lines.append(f"{mode}: {len(found)}" + (":" if found else "."))
        lines += [""] + [f"* `{line}`" for line in found] + ([""] if found else [])
    lines += ["### Excused", ""]
    lines += [f"* `{pattern}`: {reason}" for pattern, reason in excused.items()]
    lines += [
        "",
        "### Files that do not pass in every mode",
        "",
        "Most need what the machine doesn't have, and are skipped or fail in all modes alike.",
        "",
    ]
    lines += ["| file | " + " | ".join(modes) + " |", "|---|" + "---|" * len(modes)]
    for test in sorted(results):
        shown = [show(results[test].get(mode)) for mode in modes]
        if any(text != "passed" for text in shown):
            lines.append(f"| {test} | " + " | ".join(shown) + " |")
    passed = [test for test in sorted(results) if all(show(results[test].get(mode)) == "passed" for mode in modes)]
    lines += ["", f"### Files that pass in every mode ({len(passed)})", "", ", ".join(passed) + "."]
    return lines


def describe(status: str) -> str:
    return {
        "passed": "pass",
        "skipped": "are skipped",
        "failed": "fail",
        "crashed": "crash",
        "timeout": "take too long",
    }[status]


def show(result: Result | None) -> str:
    if result is None:
        return "not run"
    if result["status"] == "failed":
        return f"failed ({len(result['failed'])} of {result['cases']})"
    return str(result["status"])


def write(path: Path, results: Results, excused: dict[str, str]) -> None:
    """Replaces the generated part of the page."""
    text = path.read_text()
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    path.write_text(before + START + "\n\n" + "\n".join(table(results, excused)) + "\n\n" + END + after)
