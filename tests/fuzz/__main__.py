"""`python tests/fuzz --minutes N`: random programs, run off and compiled; what differs is shrunk and saved.

A program is named by its seed and number: `--only SEED:NUMBER` makes just that one and shows the difference.
"""

import argparse
import difflib
import hashlib
import importlib.util
import os
import sys
import time

import programs
from pair import MODES, Died, Result, Worker, difference, is_useless
from shrink import shrink

BATCH = 24
FOUND = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "fuzz_found")


def modes_of(options: argparse.Namespace) -> list[str]:
    """The modes to compare."""
    return [mode for mode in MODES if mode not in ("off", "default")] if options.mode == "all" else [options.mode]


Batch = tuple[Worker, list[tuple[str, str, Result]]]
"""What runs the programs, and of each its name, source, and what the interpreter made of it."""


class Fuzzer:
    """A worker without the compiler, one with it for each mode, and the counts."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.modes = modes_of(options)
        self.off = Worker("off", seconds=8)
        self.workers = {mode: Worker(mode, seconds=60) for mode in self.modes}
        self.same = self.useless = self.lines = 0
        self.failures: dict[str, str] = {}
        self.pending: Batch | None = None
        self.started = time.monotonic()

    def batch(self, number: int) -> None:
        """Makes and runs some programs, each batch in one of the modes; compares those of the batch before.

        While the compiler runs a batch, the next one is made and interpreted; what comes to nothing there is not
        compiled.
        """
        names = [f"{self.options.seed}:{number * BATCH + index}" for index in range(BATCH)]
        sources = [programs.make(name) for name in names]
        self.off.ask(sources)
        try:
            expected = self.off.results()
        except Died as error:
            # CPython itself crashes, hangs or runs out of memory: of no use.
            print(f"the interpreter {error}"[:200], flush=True)
            self.useless += BATCH
            expected = []
        self.finish()
        if not expected:
            return
        worker = self.workers[self.modes[number % len(self.modes)]]
        every = zip(names, sources, expected, strict=True)
        of_use = [(name, source, want) for name, source, want in every if not is_useless(want)]
        self.useless += BATCH - len(of_use)
        worker.ask([source for _, source, _ in of_use])
        self.pending = worker, of_use

    def finish(self) -> None:
        """Compares the batch that the compiler runs."""
        if self.pending is None:
            return
        worker, batch = self.pending
        self.pending = None
        try:
            results = worker.results()
        except Died as error:
            self.crashed(worker, batch, str(error))
            return
        for (name, source, want), got in zip(batch, results, strict=True):
            self.judge(worker, name, source, want, got)

    def judge(self, worker: Worker, name: str, source: str, expected: Result, result: Result) -> None:
        """Counts a program, or takes it up as a failure."""
        found = difference(expected, result)
        if not found:
            self.same += 1
            self.lines += source.count("\n")
            return
        alone = difference(self.off.run(source), Worker(worker.mode).run(source))
        if alone:
            self.failed(worker.mode, name, source, alone)
        elif not found.startswith("slow"):
            print(f"{name} {worker.mode}: only after other programs: {found}"[:400], flush=True)
            self.failures[f"{worker.mode} {name}"] = found

    def crashed(self, worker: Worker, batch: list[tuple[str, str, Result]], how: str) -> None:
        """Finds which program of a batch it was, first each alone, then all in a row."""
        history = worker.history
        for name, source, _ in batch:
            found = difference(self.off.run(source), Worker(worker.mode).run(source))
            if found:
                self.failed(worker.mode, name, source, found)
                return
        names = [name for name, _, _ in batch]
        print(f"{worker.mode} {names[0]}..: only after other programs: {how}"[:2000], flush=True)
        self.failures[f"{worker.mode} {names[0]}.."] = how
        os.makedirs("target/fuzz", exist_ok=True)
        with open(f"target/fuzz/history-{names[0].replace(':', '-')}-{worker.mode}.txt", "w") as file:
            file.write("\n".join(names) + f"\n{how}\n{len(history)}\n")

    def failed(self, mode: str, name: str, source: str, found: str) -> None:
        """Shrinks a program that fails alone, and saves it unless its like is known."""
        print(f"{name} {mode}: {found}"[:1500], flush=True)
        self.failures[f"{mode} {name}"] = found
        part = found.partition(":")[0].split()[0]
        off, on = Worker("off"), Worker(mode)

        def fails(text: str) -> bool:
            expected = off.run(text)
            return bool(difference(expected, on.run(text)).startswith(part)) if "died" not in expected else False

        small = source if self.options.no_shrink else shrink(source, fails, self.options.shrink_seconds)
        folder = self.options.output
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, f"{part}_{hashlib.sha1(small.encode()).hexdigest()[:8]}.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"# {name} {mode}: {found.splitlines()[0][:160]}\n{small}")
        print(f"saved {path} ({small.count(chr(10))} lines)", flush=True)

    def report(self) -> str:
        seconds = time.monotonic() - self.started
        return (
            f"{self.same:,} programs ({self.lines:,} lines) the same, {len(self.failures)} differ, "
            f"{self.useless} invalid or too slow; "
            f"{self.same / seconds:.1f} programs/s, {seconds / 60:.1f} min"
        )


def show_one(name: str, modes: list[str], path: str | None) -> int:
    """One program in detail."""
    if path is not None:
        with open(path, encoding="utf-8") as file:
            source = file.read()
    else:
        source = programs.make(name)
        print(source)
    expected = Worker("off").run(source)
    differs = 0
    for mode in modes:
        result = Worker(mode).run(source)
        found = difference(expected, result)
        differs |= bool(found)
        print(
            f"== {mode}: {found or 'the same'}"
            + (" (" + ", ".join(k for k in expected if k in ("slow", "invalid")) + ")" if len(expected) == 1 else "")
        )
        for part in expected if found else ():
            old, new = expected[part].splitlines(), result.get(part, "").splitlines()
            for line in list(difflib.unified_diff(old, new, part, mode, lineterm="", n=1))[:30]:
                print(line[:300])
    return differs


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="cargo xtask fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=1, metavar="N", help="how long (default 1)")
    parser.add_argument("--mode", choices=["all", *list(MODES)[1:]], default="all", help="default: all of them in turn")
    parser.add_argument("--seed", default="", help="which random programs (default: from the clock)")
    parser.add_argument("--only", metavar="SEED:NUMBER", help="make and compare this program only")
    parser.add_argument("--file", metavar="FILE", help="compare this file only")
    parser.add_argument(
        "--output", default=FOUND, metavar="FOLDER", help="where failures go (default tests/fuzz_found)"
    )
    parser.add_argument("--no-shrink", action="store_true", help="save failures as they are")
    parser.add_argument("--shrink-seconds", type=float, default=120, metavar="S")
    options = parser.parse_args()
    modes = modes_of(options)
    if (options.only or options.seed).startswith("syntax") and importlib.util.find_spec("pysource_codegen") is None:
        parser.error("seeds that begin with syntax need a package: pip install pysource-codegen")
    if options.only or options.file:
        return show_one(options.only, modes, options.file)
    options.seed = options.seed or str(int(time.time()))
    print(f"seed {options.seed}, modes {', '.join(modes)}", flush=True)
    fuzzer = Fuzzer(options)
    end = fuzzer.started + options.minutes * 60
    said, number = fuzzer.started, 0
    try:
        while time.monotonic() < end:
            fuzzer.batch(number)
            number += 1
            if time.monotonic() > said + 30:
                said = time.monotonic()
                print(fuzzer.report(), flush=True)
        fuzzer.finish()
    except KeyboardInterrupt:
        pass
    finally:
        for worker in (fuzzer.off, *fuzzer.workers.values()):
            worker.stop()
    print(fuzzer.report())
    for name, found in fuzzer.failures.items():
        print(f"  {name}: {found.splitlines()[0][:150]}")
    return 1 if fuzzer.failures else 0


if __name__ == "__main__":
    sys.exit(main())
