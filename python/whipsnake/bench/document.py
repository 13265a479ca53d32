"""What was measured, as one JSON document; and the same as pyperf keeps it, a file for each runtime."""

import datetime
import json
import os
import time
from typing import Any

from whipsnake.bench.errors import BenchError
from whipsnake.bench.intervals import Interval, interval, mean_interval
from whipsnake.bench.runtimes import Runtime, build_line, warnings_of

FORMAT = "whipsnake-bench 1"


def new(
    kind: str, what: str, runtimes: list[Runtime], machine: dict[str, Any], settings: dict[str, Any]
) -> dict[str, Any]:
    """An empty document; the first runtime is what the others are compared with."""
    return {
        "format": FORMAT,
        "kind": kind,
        "what": what,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "seconds": 0.0,
        "commit": None,
        "interrupted": False,
        "machine": machine,
        "settings": settings,
        "runtimes": [
            {
                "name": runtime.name,
                "command": runtime.shown,
                "build": build_line(runtime.facts),
                "executable": runtime.facts["executable"],
                "config_args": runtime.facts["config_args"],
            }
            for runtime in runtimes
        ],
        "warnings": [warning for runtime in runtimes if not runtime.is_ours for warning in warnings_of(runtime)],
        "programs": [],
        "summary": {},
    }


def names(document: dict[str, Any]) -> list[str]:
    """The runtimes' names, the first being the one compared with."""
    return [runtime["name"] for runtime in document["runtimes"]]


def measure_of(sample: dict[str, Any], measure: str) -> float:
    """The figure of one process."""
    if measure in ("wall", "cpu"):
        return float(sample[measure])
    if measure == "first":
        return float((sample["warmups"] or sample["values"])[0])
    return float(min(sample["values"]))


def ratio(program: dict[str, Any], base: str, other: str, measure: str = "best") -> Interval | None:
    """How many times as fast the other runtime is, from the pairs that both have finished."""
    runs = program["runs"]
    pairs = [
        (measure_of(one, measure), measure_of(two, measure))
        for one, two in zip(runs.get(base, []), runs.get(other, []), strict=False)
    ]
    return interval([one / two for one, two in pairs]) if pairs else None


def settle(document: dict[str, Any]) -> None:
    """Calculates everything that follows from the runs."""
    base, *others = names(document)
    measures = document["settings"]["measures"]
    for program in document["programs"]:
        program["ratios"] = {
            measure: {
                other: found.as_dict()
                for other in others
                if (found := ratio(program, base, other, measure)) is not None
            }
            for measure in measures
        }
    document["summary"] = {
        measure: {other: summary for other in others if (summary := summarise(document, other, measure))}
        for measure in measures
    }


def summarise(document: dict[str, Any], other: str, measure: str) -> dict[str, Any] | None:
    """The geometric mean over the programs, and the worst five."""
    found = {
        program["name"]: Interval(**program["ratios"][measure][other])
        for program in document["programs"]
        if other in program["ratios"][measure]
    }
    if not found:
        return None
    worst = sorted(found, key=lambda name: found[name].estimate)[:5]
    mean = mean_interval(list(found.values()))
    return {**mean.as_dict(), "programs": len(found), "worst": {name: found[name].estimate for name in worst}}


def load(path: str) -> dict[str, Any]:
    """A document that was kept."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise BenchError(f"{path} is not JSON") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BenchError(f"{path} was not written by this version of whipsnake bench")
    return document


def keep(document: dict[str, Any], path: str) -> None:
    """Writes it, whole or not at all."""
    write(path, json.dumps(document, indent=1) + "\n")


def write(path: str, text: str) -> None:
    """Writes a file, whole or not at all."""
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".new", path)
    except OSError as error:
        raise BenchError(f"can't write {path}: {error.strerror}") from None


PYPERF_KINDS = (str, int, float)


def pyperf_document(document: dict[str, Any], runtime: str) -> dict[str, Any] | None:
    """One runtime's runs as pyperf keeps them, for `pyperf compare_to`; None if there are none."""
    benchmarks = []
    date = datetime.datetime.fromisoformat(document["started"]).isoformat(" ")
    for program in document["programs"]:
        runs = []
        for sample in program["runs"].get(runtime, []):
            metadata = {
                name: value
                for name, value in sample["metadata"].items()
                if isinstance(value, PYPERF_KINDS) and name != "name"
            }
            metadata.setdefault("date", date)
            metadata.setdefault("unit", "second")
            metadata.setdefault("loops", program["loops"])
            metadata["mem_max_rss"] = sample["peak_kib"] * 1024
            run: dict[str, Any] = {"metadata": metadata, "values": sample["values"]}
            if sample["warmups"]:
                run["warmups"] = [[metadata["loops"], seconds] for seconds in sample["warmups"]]
            runs.append(run)
        if runs:
            benchmarks.append({"metadata": {"name": program["name"]}, "runs": runs})
    return {"version": "1.0", "metadata": {}, "benchmarks": benchmarks} if benchmarks else None


def keep_pyperf(document: dict[str, Any], stem: str) -> list[str]:
    """Writes a file of pyperf's for each runtime."""
    paths = []
    for runtime in names(document):
        converted = pyperf_document(document, runtime)
        if converted is not None:
            paths.append(f"{stem}.{runtime}.pyperf.json")
            write(paths[-1], json.dumps(converted))
    return paths
