"""Starts measuring processes: the same Python with the compiler off, on, or eager."""

import json
import os
import subprocess
import sys
import time
from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__))

MODES = {
    "off": {"WHIPSNAKE": "0"},
    "on": {"WHIPSNAKE": "1"},
    "eager": {"WHIPSNAKE": "1", "WHIPSNAKE_EAGER": "1"},
    "optimizing": {"WHIPSNAKE": "1", "WHIPSNAKE_TIERS": "baseline,optimizing"},
    "stats": {"WHIPSNAKE": "1", "WHIPSNAKE_STATS": "1"},
}
"""What each mode adds to the environment. Settings that are already there reach every mode but `off`."""


def environment(mode: str) -> dict[str, str]:
    """The environment of a process in this mode."""
    env = {name: value for name, value in os.environ.items() if name not in ("WHIPSNAKE", "WHIPSNAKE_STATS")}
    env["PYTHONHASHSEED"] = "0"
    env.update(MODES[mode])
    return env


def require(mode: str) -> None:
    """Ends this program, saying why, unless the mode really is what it says."""
    if mode == "off":
        return
    code = "import whipsnake; s = whipsnake.status(); print(s['reason'] or ('' if s['enabled'] else 'it is off'))"
    result = subprocess.run([sys.executable, "-c", code], env=environment(mode), capture_output=True, text=True)
    reason = result.stdout.strip() or (result.stderr.strip() if result.returncode else "")
    if reason:
        raise SystemExit(f"nothing to compare: the compiler doesn't run in {sys.executable}: {reason}")


def work(mode: str, *arguments: str) -> dict[str, Any]:
    """Runs `worker.py` and reads what it measured; `total_seconds` is the whole process, seen from outside."""
    command = [sys.executable, os.path.join(FOLDER, "worker.py"), *arguments]
    start = time.perf_counter()
    result = subprocess.run(command, env=environment(mode), capture_output=True, text=True)
    total = time.perf_counter() - start
    if result.returncode != 0:
        ending = f"signal {-result.returncode}" if result.returncode < 0 else f"exit code {result.returncode}"
        tail = "\n".join(result.stderr.strip().splitlines()[-15:])
        raise WorkFailed(f"{arguments[0]} ({mode}): {ending}\n{tail}")
    report = json.loads(result.stdout.rstrip().splitlines()[-1])
    report["total_seconds"] = total
    if report["compiled"] != (mode != "off"):
        raise SystemExit(f"{arguments[0]}: the process was to run {mode}, but its compiler was not")
    return report


class WorkFailed(Exception):
    """A program failed in a measuring process."""
