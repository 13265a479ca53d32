"""Measures one program in several runtimes, in turn, pair by pair, until the ratios are known well enough."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from whipsnake.bench import document
from whipsnake.bench.intervals import WANTED


@dataclass
class Plan:
    """How much is measured."""

    pairs: int = 6
    """Rounds; each runs every runtime once. Six are the fewest that reach 95 % confidence."""
    most_pairs: int = 6
    """So many if the ratios are still too vague."""
    precision: float = 0.01
    """Half the width of an interval that is narrow enough."""
    budget: float = 60.0
    """Seconds after which no further round is begun, once there are enough for any confidence at all."""
    warmups: int = 1
    values: int = 3
    seconds: float = 0.15
    """Length of a value."""
    measures: tuple[str, ...] = ("best",)
    curves: bool = True
    """Whether the time of each iteration is measured, too."""
    timeout: float = 600.0
    """Seconds a process may take."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "measures": list(self.measures), "confidence": WANTED}


def new_program(name: str, runtimes: list[str]) -> dict[str, Any]:
    """An empty record."""
    return {
        "name": name,
        "suite": "",
        "loops": 1,
        "runs": {runtime: [] for runtime in runtimes},
        "curves": {},
        "warm_after": {},
        "counts": None,
        "ratios": {},
        "notes": [],
        "failure": None,
        "skipped": None,
    }


def rounds(
    program: dict[str, Any], run: Callable[[str], dict[str, Any]], plan: Plan, progress: Callable[[float], None]
) -> None:
    """Runs every runtime once a round. Each sample is added at once: whoever is interrupted has what was measured."""
    names = list(program["runs"])
    started = time.monotonic()
    for number in range(plan.most_pairs):
        if number >= plan.pairs and precise_enough(program, plan):
            return
        taken = time.monotonic() - started
        if number >= min(3, plan.pairs) and taken + taken / number > plan.budget:
            return
        # Every other round the other way round: no runtime is always the one after another.
        for index, name in enumerate(names if number % 2 == 0 else names[::-1]):
            progress((number + index / len(names)) / plan.pairs if number < plan.pairs else 1.0)
            program["runs"][name].append(run(name))


def precise_enough(program: dict[str, Any], plan: Plan) -> bool:
    """Whether every interval of the first measure is narrow."""
    base, *others = program["runs"]
    for other in others:
        # The processor's time comes in whole ticks: it is shown, but not waited for.
        for measure in plan.measures[:1]:
            found = document.ratio(program, base, other, measure)
            if found is None or found.confidence < WANTED or found.half_width > plan.precision:
                return False
    return True


def warm_after(curve: list[float]) -> float | None:
    """Seconds until iterations take at most a tenth longer than they do in the end; None for too short a curve."""
    if len(curve) < 4:
        return None
    late = sorted(curve[len(curve) // 2 :])
    steady = late[len(late) // 2]
    total = 0.0
    for index, seconds in enumerate(curve):
        following = sorted(curve[index : index + 3])
        if seconds <= 1.1 * steady and following[len(following) // 2] <= 1.1 * steady:
            return total
        total += seconds
    return total
