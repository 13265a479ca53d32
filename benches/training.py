"""Runs what the extension's own machine code is to be fast at: `cargo xtask profile` writes down which ways through it
are taken here.

The everyday programs and the kernels, those of the core set in small sizes, the compiler over a part of the standard
library, and the snippets of the tests, so that what programs seldom do is not taken for what they never do.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import everyday  # noqa: E402
import kernels  # noqa: E402
import results  # noqa: E402

CALLS = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
program = importlib.import_module(sys.argv[2])
for _ in range(int(sys.argv[3])):
    program.run()
"""

TIERS = ("baseline,optimizing", "baseline")

HOT = {
    "WHIPSNAKE_CALL_THRESHOLD": "10",
    "WHIPSNAKE_LOOP_THRESHOLD": "20",
    "WHIPSNAKE_OPTIMIZE_THRESHOLD": "30",
}

TIMEOUT = 300
"""Seconds that a program may take: the code that counts is slower."""


def programs() -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """Name, arguments of Python, and settings of each. Some snippets end with an exception, as they are meant to."""
    for folder, times in ((everyday, 4), (kernels, 2)):
        for name in folder.PROGRAMS:
            module = f"{folder.__name__}.{name}"
            for tiers in TIERS:
                yield module, ["-c", CALLS, str(HERE), module, str(times)], {"WHIPSNAKE_TIERS": tiers}
    for folder in results.CHECKS:
        for tiers in TIERS:
            yield folder, [str(HERE / "results.py"), folder, "--times=3"], {"WHIPSNAKE_TIERS": tiers}
    yield "compile_speed", [str(HERE / "compile_speed.py")], {}
    for snippet in sorted((HERE.parent / "tests" / "snippets").glob("*.py")):
        yield f"snippets/{snippet.stem}", [str(snippet)], HOT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    failed = []
    for name, arguments, settings in programs():
        environment = {**os.environ, "WHIPSNAKE": "1", **settings}
        try:
            done = subprocess.run(
                [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=TIMEOUT
            )
            expected = (0, 1) if name.startswith("snippets/") else (0,)
            problem = "" if done.returncode in expected else f"exit code {done.returncode}\n{done.stderr[-2000:]}"
        except subprocess.TimeoutExpired:
            problem = f"not done after {TIMEOUT} s"
        print(f"{name}: {problem or 'done'}", flush=True)
        if problem:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
