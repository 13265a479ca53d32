"""Runs one file of CPython's `test` package in a fresh process, and says which of its test cases failed."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

# Run as a program, this has only its own folder to import from.
sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from modes import some

MODES = some("off", "default", "eager", "optimizing", "hot")

Result = dict[str, Any]
"""`status` (passed, failed, skipped, crashed, timeout), `seconds`, `cases` (how many ran), `failed` (their names)."""

NO_TESTS_RAN = 4
"""Exit code of regrtest when a file is skipped."""


def all_files() -> list[str]:
    """The files that CPython's own runner finds."""
    listed = subprocess.run(
        [sys.executable, "-m", "test", "--list-tests"],
        capture_output=True,
        text=True,
        check=True,
        env=environment("off"),
    )
    return listed.stdout.split()


def environment(mode: str) -> dict[str, str]:
    """The environment of a mode, without anything else of ours."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("WHIPSNAKE", "PYTHON"))}
    return env | MODES[mode]


def run(test: str, mode: str, folder: Path, limit: float) -> Result:
    """Runs a file; its output is kept in the folder."""
    folder = folder / mode
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / f"{test}.xml"
    report.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-X",
        "faulthandler",
        "-m",
        "test",
        "-v",
        "--randseed",
        "1",
        "--junit-xml",
        str(report.resolve()),
        test,
    ]
    started = time.monotonic()
    # Some files use fixed names there.
    scratch = tempfile.TemporaryDirectory(prefix="conf-", ignore_cleanup_errors=True)
    with scratch as temporary, open(folder / f"{test}.log", "w") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment(mode) | {"TMPDIR": temporary},
            start_new_session=True,
        )
        try:
            code: int | None = process.wait(limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            # Children that a test left behind go with it.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
    cases, failed = read_report(report)
    result: Result = {
        "status": status(code),
        "seconds": round(time.monotonic() - started, 1),
        "cases": cases,
        "failed": failed,
    }
    if code is not None and code not in (0, NO_TESTS_RAN):
        result["code"] = code
    return result


def status(code: int | None) -> str:
    """What an exit code says."""
    if code is None:
        return "timeout"
    if code < 0 or code >= 128:
        return "crashed"
    return {0: "passed", NO_TESTS_RAN: "skipped"}.get(code, "failed")


def read_report(path: Path) -> tuple[int, list[str]]:
    """How many test cases ran, and the names of those that failed."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return 0, []
    cases = list(root.iter("testcase"))
    failed = {
        str(case.get("name")) for case in cases if case.find("failure") is not None or case.find("error") is not None
    }
    return len(cases), sorted(failed)
