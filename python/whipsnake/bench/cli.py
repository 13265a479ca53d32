"""The command line of `python -m whipsnake bench`."""

import argparse
import os
import sys
import time
from typing import Any

from whipsnake import _start
from whipsnake.bench import document, history, machine, page, programs, runtimes, scripts, shares, suites, terminal
from whipsnake.bench.errors import BenchError
from whipsnake.bench.launcher import Launcher
from whipsnake.bench.runtimes import Runtime
from whipsnake.bench.session import Plan

EPILOG = """\
Everything measured is kept: a table here, and in the folder of --results a JSON file, the same for
`pyperf compare_to` (a file for each runtime), and a page of HTML. Ctrl-C keeps what was measured so far.
"""


def parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m whipsnake bench",
        usage="%(prog)s [options] script.py [args]\n"
        "       %(prog)s [options] -m module [args]\n"
        "       %(prog)s [options] --suite core|apps|startup|everyday|kernels|all\n"
        "       %(prog)s --history [--results FOLDER]",
        description="Measures programs with the compiler off and on, and with other Pythons, in turn.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_argument_group("what")
    what.add_argument("--suite", choices=[*programs.SUITES, "kernels", "all"], help="a suite instead of a script")
    what.add_argument("--filter", metavar="WORDS", help="programs of the suite whose name contains one of these")
    what.add_argument("--demo", action="store_true", help="a handful of the core set, a minute")
    what.add_argument("--list", action="store_true", help="print the suite's programs and exit")
    what.add_argument("--first", action="store_true", help="only the first half second (or call), warm-up included")
    what.add_argument(
        "--counts",
        nargs="?",
        type=positive,
        const=0,
        metavar="N",
        help="only count what ran compiled, and show the N places that did most interpreted or missed most",
    )
    what.add_argument(
        "--modes", default="off,on", help="of off, on, baseline, eager; the first is compared with (off,on)"
    )
    what.add_argument(
        "--against", action="append", default=[], metavar="NAME=COMMAND", help="another Python, in turn with the others"
    )
    how = parser.add_argument_group("how long")
    how.add_argument("--pairs", type=positive, help="rounds of processes (6, the fewest for 95 %% confidence)")
    how.add_argument(
        "--precision", type=percent, default=1.0, metavar="PERCENT", help="how narrow a script's ratio gets"
    )
    how.add_argument("--budget", type=float, default=60.0, metavar="SECONDS", help="for the rounds of one program (60)")
    how.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS", help="for one process (600)")
    how.add_argument("--fast", action="store_true", help="2 rounds, short values, no curves")
    how.add_argument("--no-curves", action="store_true", help="no warm-up curves and no counting run")
    where = parser.add_argument_group("results")
    where.add_argument(
        "--results", metavar="FOLDER", default="whipsnake-bench", help="where to keep them (whipsnake-bench)"
    )
    where.add_argument("--output", metavar="FILE.json", help="the JSON file's name; the others get names beside it")
    where.add_argument("--page", metavar="FILE.json", help="make the page of HTML of a kept file anew, and exit")
    where.add_argument("--history", action="store_true", help="a page over all kept files of the folder")
    parser.add_argument("script", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def positive(text: str) -> int:
    """A count."""
    number = int(text)
    if not 1 <= number <= 10_000:
        raise ValueError
    return number


def percent(text: str) -> float:
    """A share in percent."""
    number = float(text)
    if not 0 < number <= 100:
        raise ValueError
    return number


def main(arguments: list[str], interpreter_options: list[str]) -> int:
    """Runs the command; its exit code."""
    # What follows `-m` is not ours, and argparse would take `-m` for an option of its own.
    split = arguments.index("-m") if "-m" in arguments else len(arguments)
    command = parser()
    options = command.parse_args(arguments[:split])
    options.script += arguments[split:]
    try:
        return run(options, interpreter_options)
    except BenchError as error:
        _start.say(str(error))
        return 1


def run(options: argparse.Namespace, interpreter_options: list[str]) -> int:
    """Does what the options say."""
    if options.page:
        doc = document.load(options.page)
        path = options.page.removesuffix(".json") + ".html"
        document.write(path, page.of(doc))
        terminal.say(path)
        return 0
    if options.history:
        return history.main(options.results)
    if options.demo:
        options.suite = "core"
    if options.suite and options.script:
        raise BenchError(f"a script or --suite, not both: {' '.join(options.script)}")
    if not options.suite and not options.script:
        raise BenchError("nothing to measure: name a script, -m module, or --suite; see bench --help")
    if options.suite:
        chosen = programs.select(options.suite, options.filter)
        if options.demo:
            chosen = [program for program in chosen if program.name in programs.DEMO]
        if options.list:
            terminal.say("\n".join(program.name for program in chosen))
            return 0
        return measure(options, interpreter_options, chosen, None)
    return measure(options, interpreter_options, [], scripts.Script(options.script))


def plan_of(options: argparse.Namespace) -> Plan:
    """How much to measure."""
    plan = Plan(precision=options.precision / 100, budget=options.budget, timeout=options.timeout)
    if options.fast:
        plan.pairs = plan.most_pairs = 2
        plan.values, plan.seconds, plan.curves = 2, 0.1, False
    if options.pairs:
        plan.pairs = plan.most_pairs = options.pairs
    if options.no_curves:
        plan.curves = False
    if options.suite:
        plan.budget = max(plan.budget, 600.0)
        return suites.settings(plan, options.suite, options.first)
    plan.measures = ("wall", "cpu")
    if not options.pairs and not options.fast:
        plan.most_pairs = 40
    return plan


def chosen_runtimes(options: argparse.Namespace, interpreter_options: list[str]) -> list[Runtime]:
    """Those of --modes, then those of --against."""
    modes = options.modes.split(",")
    for mode in modes:
        if mode not in runtimes.MODES:
            raise BenchError(f"--modes {options.modes}: allowed are {', '.join(runtimes.MODES)}, with commas between")
    found = [runtimes.of_mode(mode, interpreter_options) for mode in modes]
    for number, runtime in enumerate(found):
        # The same mode twice shows how noisy the machine is.
        if runtime.name in [other.name for other in found[:number]]:
            runtime.name += "-again"
    found += [runtimes.parse_against(text) for text in options.against]
    every = [runtime.name for runtime in found]
    if len(found) < 2 or len(set(every)) < len(every):
        raise BenchError(f"two runtimes with different names are needed, not {', '.join(every)}")
    return found


def measure(
    options: argparse.Namespace,
    interpreter_options: list[str],
    chosen: list[programs.Program],
    script: scripts.Script | None,
) -> int:
    """Measures, prints, and keeps everything, whatever happens in between."""
    plan = plan_of(options)
    found = chosen_runtimes(options, interpreter_options)
    started = time.monotonic()
    with Launcher() as launcher:
        for runtime in found:
            runtimes.probe(launcher, runtime)
        if options.counts is not None and not script:
            uncounted = shares.run(launcher, found[-1], chosen, options.timeout, options.counts)
            for failure in uncounted:
                print("FAILED " + failure, file=sys.stderr)
            return 1 if uncounted else 0
        facts = machine.describe()
        what = script.shown if script else f"suite {options.suite}"
        kind = "script" if script else options.suite
        doc = document.new(kind, what, found, facts, plan.as_dict())
        doc["warnings"] += machine.warnings_of(facts)
        doc["commit"] = machine.commit(os.path.dirname(os.path.abspath(__file__)))
        terminal.print_head(doc)
        error: BenchError | None = None
        failures: list[str] = []
        try:
            if script:
                record = scripts.record_of(script, found)
                doc["programs"].append(record)
                scripts.ScriptSession(launcher, found, script, plan).measure(record)
            else:
                suite = suites.Suite(launcher, found, plan, doc)
                failures = suite.failures
                suite.run(chosen)
        except BenchError as problem:
            error = problem
        except KeyboardInterrupt:
            doc["interrupted"] = True
    suites.finish(doc, started)
    finish(options, doc, error, failures)
    if doc["interrupted"]:
        return 130
    return 1 if error or failures else 0


def finish(options: argparse.Namespace, doc: dict[str, Any], error: BenchError | None, failures: list[str]) -> None:
    """Prints the results, keeps them, and says what went wrong."""
    measured = any(any(program["runs"].values()) for program in doc["programs"])
    if doc["interrupted"]:
        terminal.say("interrupted" + ("; this is what was measured" if measured else " before anything was measured"))
    if error is not None:
        doc["error"] = str(error)
    if measured:
        if doc["kind"] == "script":
            terminal.print_script(doc)
        else:
            terminal.print_summary(doc)
        default = os.path.join(options.results, f"{doc['started'].replace(':', '')}-{doc['kind']}.json")
        path = options.output or default
        stem = path.removesuffix(".json")
        document.keep(doc, path)
        document.keep_pyperf(doc, stem)
        document.write(stem + ".html", page.of(doc))
        terminal.say(f"kept in {path} and {stem}.html")
    for failure in failures:
        print("\nFAILED " + failure, file=sys.stderr)
    if error is not None:
        _start.say(str(error))
