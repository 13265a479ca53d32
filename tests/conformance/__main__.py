"""`cargo xtask conformance`: CPython's own `test` package, a fresh process for each file and mode.

Without --mode: off, default and eager. Results are kept in target/conformance/results.json, the output of each file
beside it. After a run of all files, docs/conformance.md is brought up to date. The exit code is 1 if anything that
passes with the compiler off fails with it on and isn't excused in tests/conformance/excused.txt.
"""

import argparse
import json
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import runner
from report import Results, differences, read_excused, write

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Run:
    """The results so far, and what is still to do."""

    def __init__(self, folder: Path, limit: float, fresh: bool) -> None:
        self.folder, self.limit = folder, limit
        self.file = folder / "results.json"
        self.lock = Lock()
        self.results: Results = json.loads(self.file.read_text()) if self.file.exists() else {}
        self.excused = read_excused(HERE / "excused.txt")
        self.fresh = fresh
        self.done = self.total = 0

    def one(self, test: str, mode: str) -> None:
        """Runs a file in a mode and keeps the result."""
        result = runner.run(test, mode, self.folder, self.limit)
        with self.lock:
            self.results.setdefault(test, {})[mode] = result
            self.file.write_text(json.dumps(self.results, indent=1, sort_keys=True))
            self.done += 1
            found = differences(test, self.results[test], mode, self.excused) if mode != "off" else []
            print(f"[{self.done}/{self.total}] {mode:7} {test} {result['status']} {result['seconds']} s", flush=True)
            for line in found:
                print(f"    {line}", flush=True)

    def all(self, tests: list[str], modes: list[str], jobs: int) -> None:
        """Runs what has no result yet (or everything). What fails compiled is run off as well, to compare."""
        todo = [
            (test, mode) for test in tests for mode in modes if self.fresh or mode not in self.results.get(test, {})
        ]
        self.total = len(todo)
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda pair: self.one(*pair), todo))
            failing = [test for test in tests if any(self.results[test][mode]["status"] != "passed" for mode in modes)]
            more = [test for test in failing if "off" not in self.results[test]]
            self.total += len(more)
            list(pool.map(lambda test: self.one(test, "off"), more))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="cargo xtask conformance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--mode", action="append", choices=list(runner.MODES), help="once or more (default: off, default and eager)"
    )
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="files at a time (default 1)")
    parser.add_argument("--timeout", type=float, default=300, metavar="S", help="seconds for a file (default 300)")
    parser.add_argument("--resume", action="store_true", help="run only what has no result yet")
    parser.add_argument("--language", action="store_true", help="only the files that cover the language (language.txt)")
    parser.add_argument(
        "--report", action="store_true", help="run nothing; write docs/conformance.md from the results kept"
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "target/conformance", help="where results are kept")
    parser.add_argument("tests", nargs="*", metavar="test", help="files, such as test_generators (default: all)")
    options = parser.parse_args()
    # A shell that starts this in the background has it ignored, and so would the tests.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    options.folder.mkdir(parents=True, exist_ok=True)
    run = Run(options.folder, options.timeout, fresh=not options.resume)
    modes = options.mode or ["off", "default", "eager"]
    tests = options.tests
    if options.language:
        tests += [line for line in (HERE / "language.txt").read_text().split("\n") if line and not line.startswith("#")]
    everything = not tests
    if options.report:
        tests = sorted(run.results)
    else:
        # What mostly waits comes last.
        tests = tests or sorted(
            runner.all_files(),
            key=lambda test: any(word in test for word in ("multiprocessing", "concurrent", "asyncio")),
        )
        started = time.monotonic()
        run.all(tests, modes, options.jobs)
        print(f"{run.done} runs in {(time.monotonic() - started) / 60:.1f} min")
    if everything or options.report:
        write(ROOT / "docs/conformance.md", run.results, run.excused)
    found = [
        (mode, line)
        for mode in modes
        if mode != "off"
        for test in tests
        for line in differences(test, run.results[test], mode, run.excused)
    ]
    for mode, line in found:
        print(f"differs ({mode}): {line}")
    print(f"{len(found)} differences; the output of each file is in {options.folder}/MODE/")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
