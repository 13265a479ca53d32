"""Counts the instructions of short fixed runs and compares them with what is committed: no noise, so 3 % is a change.

Each program runs under valgrind with the compiler on; what a process takes that does nothing is subtracted. Counts hold
for one build of Python, so the file keeps them by build: for another one there is nothing to compare with until it is
blessed.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__))
KEPT = os.path.join(FOLDER, "instructions.json")
WORSE = 1.03
"""From here on a run fails."""
BLESS = "cargo xtask guard --bless"

CALL = """
import sys
sys.path.insert(0, {folder!r})
import {module} as program
program.EXPECTED.setdefault({size}, None)
program.checked = lambda value, expected: value
for _ in range({calls}):
    program.run({size})
"""
EMPTY = "pass"
COMPILE = """
import sys
sys.path.insert(0, {folder!r})
import compile_speed
compile_speed.compile_all({limit})
"""

PROGRAMS: dict[str, tuple[str, int, int]] = {
    "sieve": ("kernels.sieve", 60_000, 6),
    "matrix_product": ("kernels.matrix_product", 36, 6),
    "mandelbrot": ("kernels.mandelbrot", 36, 6),
    "levenshtein": ("kernels.levenshtein", 160, 6),
    "collatz": ("kernels.collatz", 1200, 6),
    "dot_product": ("kernels.dot_product", 16_000, 6),
    "bytecode_vm": ("everyday.bytecode_vm", 400, 5),
    "event_simulation": ("everyday.event_simulation", 500, 5),
    "orm_descriptors": ("everyday.orm_descriptors", 300, 5),
    "csv_json": ("everyday.csv_json", 120, 5),
    "generator_pipelines": ("everyday.generator_pipelines", 500, 5),
    "exceptions_flow": ("everyday.exceptions_flow", 60, 5),
    "vectors": ("everyday.vectors", 14, 5),
}
"""Module, size, calls."""

COMPILED = {"compile_few": 0, "compile_many": 1500}
"""How many functions of the standard library are compiled; only the difference counts."""


class Failed(Exception):
    """A run could not be counted."""


def build() -> tuple[str, str]:
    """The build of this Python: a short key, and in words."""
    parts = [
        sys.version,
        platform.python_compiler(),
        platform.machine(),
        "".join(platform.libc_ver()),
        str(sysconfig.get_config_var("CONFIG_ARGS")),
    ]
    words = f"CPython {platform.python_version()}, {platform.python_compiler()}, {parts[3]}, {parts[2]}"
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12], words


def count(code: str) -> int:
    """The instructions that a process executes which runs this code with the compiler on."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WHIPSNAKE", "PYTHON"))}
    env = {**kept, "WHIPSNAKE": "1", "WHIPSNAKE_TIERS": "baseline", "PYTHONHASHSEED": "0"}
    python = [sys.executable, "-c", code]
    # Once without counting, so that all bytecode is in its files.
    plain = subprocess.run(python, env=env, capture_output=True, text=True)
    if plain.returncode != 0:
        raise Failed(plain.stderr[-2000:])
    # Machine code is in a mapping that has a file behind it, which valgrind by itself takes for one that never changes.
    valgrind = ["valgrind", "--tool=callgrind", "--smc-check=all", "--callgrind-out-file=/dev/null", *python]
    result = subprocess.run(valgrind, env=env, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode != 0 or found is None:
        raise Failed(f"exit code {result.returncode} under valgrind\n{result.stderr[-2000:]}")
    return int(found[1])


def codes(words: list[str]) -> dict[str, tuple[str, str]]:
    """For each program the code that is counted, and the code whose count is subtracted."""
    found = {}
    for name, (module, size, calls) in PROGRAMS.items():
        values = {"folder": FOLDER, "module": module, "size": size, "calls": calls}
        found[name] = CALL.format(**values), EMPTY
    few, many = (COMPILE.format(folder=FOLDER, limit=limit) for limit in COMPILED.values())
    found["compile"] = many, few
    return {name: pair for name, pair in found.items() if not words or name in words}


def measure(words: list[str]) -> dict[str, int]:
    """The instructions of every program."""
    pairs = codes(words)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        # What is subtracted is the same for many.
        counted = {code: pool.submit(count, code) for code in dict.fromkeys(sum(pairs.values(), ()))}
        results = {}
        for name, (whole, empty) in pairs.items():
            try:
                results[name] = counted[whole].result() - counted[empty].result()
            except Failed as failure:
                raise SystemExit(f"guard: {name} failed: {failure}") from None
    return results


def compare(counts: dict[str, int], kept: dict[str, int]) -> list[str]:
    """Prints the table; the programs that got worse."""
    worse = []
    print(f"{'program':<22}{'instructions':>16}{'committed':>16}  change")
    for name, number in counts.items():
        if name not in kept:
            print(f"{name:<22}{number:>16,}{'–':>16}  new: {BLESS}")
            continue
        change = number / kept[name]
        note = "  WORSE" if change > WORSE else "  better" if change < 1 / WORSE else ""
        print(f"{name:<22}{number:>16,}{kept[name]:>16,}  {change - 1:+.2%}{note}")
        if change > WORSE:
            worse.append(name)
    return worse


def load() -> dict[str, Any]:
    """What is committed."""
    if not os.path.exists(KEPT):
        return {}
    with open(KEPT, encoding="utf-8") as file:
        return dict(json.load(file))


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="cargo xtask guard", description=__doc__)
    parser.add_argument("--bless", action="store_true", help="commit to what is counted now")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="only these")
    options = parser.parse_args()
    unknown = set(options.programs) - set(codes([]))
    if unknown:
        parser.error(f"no such program: {', '.join(sorted(unknown))}; there are {', '.join(codes([]))}")
    if shutil.which("valgrind") is None:
        raise SystemExit("guard: valgrind isn't installed (Debian: apt-get install valgrind)")
    key, words = build()
    document = load()
    counts = measure(options.programs)
    if options.bless:
        entry = document.setdefault(key, {"build": words, "counts": {}})
        entry["counts"].update(counts)
        entry["counts"] = {name: entry["counts"][name] for name in codes([]) if name in entry["counts"]}
        with open(KEPT, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
            file.write("\n")
        print(f"blessed {len(counts)} counts for {words}")
        return 0
    if key not in document:
        compare(counts, {})
        print(f"nothing is committed for this build ({words}); nothing was compared. To keep these: {BLESS}")
        return 0
    worse = compare(counts, document[key]["counts"])
    if worse:
        print(f"worse by more than {WORSE - 1:.0%}: {', '.join(worse)}. If that is meant: {BLESS}", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
