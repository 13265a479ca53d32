"""Stands in for `pyperf` in a measuring process: no process per value, no calibration, one benchmark picked by name.

pyperf's `Runner` starts dozens of processes and can't interleave two configurations. This one takes the same calls from
the same programs and hands the picked benchmark to a callback as a function from loops to seconds.
"""

import argparse
import asyncio
import itertools
import sys
import types
from collections.abc import Callable
from time import perf_counter
from typing import Any

Measure = Callable[[Callable[[int], float]], None]


class Result:
    """What the picked benchmark returned last, for a comparison of results. Time functions return only times."""

    value: Any = None


def install(name: str, measure: Measure) -> type[Result]:
    """Puts the stand-in into `sys.modules`; `measure` is called when the program offers the benchmark `name`."""

    class Result_(Result):
        pass

    class Runner:
        """Takes the calls that a program makes to `pyperf.Runner`."""

        def __init__(self, *_args: object, **_keywords: object) -> None:
            self.metadata: dict[str, object] = {}
            self.argparser = argparse.ArgumentParser()
            self.args: argparse.Namespace | None = None

        def parse_args(self, args: list[str] | None = None) -> argparse.Namespace:
            if self.args is None:
                self.args = self.argparser.parse_args(args)
            return self.args

        def bench_time_func(self, offered: str, function: Callable[..., float], *args: Any, **_keywords: Any) -> None:
            if offered == name:
                measure(lambda loops: function(loops, *args))

        def bench_func(self, offered: str, function: Callable[..., Any], *args: Any, **_keywords: Any) -> None:
            def run(loops: int) -> float:
                result = None
                start = perf_counter()
                for _ in itertools.repeat(None, loops):
                    result = function(*args)
                seconds = perf_counter() - start
                Result_.value = result
                return seconds

            if offered == name:
                measure(run)

        def bench_async_func(self, offered: str, function: Callable[..., Any], *args: Any, **_keywords: Any) -> None:
            async def run_all(loops: int) -> float:
                start = perf_counter()
                for _ in itertools.repeat(None, loops):
                    Result_.value = await function(*args)
                return perf_counter() - start

            if offered == name:
                measure(lambda loops: asyncio.run(run_all(loops)))

    module: Any = types.ModuleType("pyperf")
    module.perf_counter = perf_counter
    module.Runner = Runner
    sys.modules["pyperf"] = module
    return Result_
