"""Ratios with their confidence, from pairs of measurements.

The estimate is Hodges and Lehmann's: the median of the means of all pairs of values (here of logarithms of ratios). Its
interval comes from Wilcoxon's signed-rank test, which asks nothing of the distribution but symmetry, so that one run
that was disturbed does not spoil five that were not. With few values no interval reaches 95 %: the confidence that it
does have is part of the result.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

WANTED = 0.95


class Interval(NamedTuple):
    """An estimate, and where the true value is with this confidence."""

    estimate: float
    low: float
    high: float
    confidence: float

    @property
    def half_width(self) -> float:
        """Half of the interval's width, as a share of the estimate."""
        return math.sqrt(self.high / self.low) - 1

    def as_dict(self) -> dict[str, float]:
        """For JSON."""
        return self._asdict()


def signed_rank_counts(size: int) -> list[int]:
    """In how many of the 2**size ways to give signs to the ranks their positive sum is 0, 1, 2…"""
    counts = [1] + [0] * (size * (size + 1) // 2)
    for rank in range(1, size + 1):
        for total in range(len(counts) - 1, rank - 1, -1):
            counts[total] += counts[total - rank]
    return counts


def trimmed(size: int, wanted: float) -> tuple[int, float]:
    """How many means to leave out at each end, and the confidence of what remains."""
    counts = signed_rank_counts(size)
    below, left_out, confidence = 0, 0, 1 - 2 * counts[0] / 2**size
    for total, count in enumerate(counts):
        below += count
        reached = 1 - 2 * below / 2**size
        if reached < wanted:
            break
        left_out, confidence = total, reached
    return left_out, confidence


def interval(ratios: Sequence[float], wanted: float = WANTED) -> Interval:
    """The ratio that these are measurements of."""
    logs = [math.log(ratio) for ratio in ratios]
    means = sorted((a + b) / 2 for index, a in enumerate(logs) for b in logs[index:])
    middle = len(means) // 2
    estimate = means[middle] if len(means) % 2 else (means[middle - 1] + means[middle]) / 2
    left_out, confidence = trimmed(len(logs), wanted)
    low, high = means[left_out], means[len(means) - 1 - left_out]
    return Interval(math.exp(estimate), math.exp(low), math.exp(high), confidence)


def geometric_mean(values: Iterable[float]) -> float:
    """The geometric mean."""
    logs = [math.log(value) for value in values]
    return math.exp(math.fsum(logs) / len(logs))


def mean_interval(intervals: Sequence[Interval]) -> Interval:
    """The geometric mean of independent estimates: the widths add up as squares."""
    width = math.sqrt(math.fsum((math.log(one.high / one.low) / 2) ** 2 for one in intervals)) / len(intervals)
    mean = geometric_mean(one.estimate for one in intervals)
    confidence = min(one.confidence for one in intervals)
    return Interval(mean, mean * math.exp(-width), mean * math.exp(width), confidence)
