"""The limits that a budget may name: each knows its side, its unit, its words, and how it is read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from edgeattn.judge.measures import Measures
from edgeattn.measure.latencies import INT8, PYTORCH

ROUNDING = 1e-9  # of a cosine: float32 sums of two engines that agree leave less
_DIGITS = 17  # that tell any float64 from its neighbour


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit.

    Attributes:
        name: As a budget has it.
        meaning: What it limits, in words.
        read: Returns what was measured against it; None where nobody did.
        at_least: Whether it bounds from below.
        unit: Behind a number, with its space where it has one.
        low: The smallest value that makes sense, itself included or not.
        high: The largest.
        on_accuracy: Whether it says how right the model is, and not only how fast or small.
        percent: Whether it may be given as a percentage.
        slack: By which a number may miss it: what rounding alone leaves.
        decimals: Of a number, at least; None writes four digits that count.
    """

    name: str
    meaning: str
    read: Callable[[Measures], float | None]
    at_least: bool
    unit: str = ""
    low: float = 0.0
    low_included: bool = False
    high: float = math.inf
    on_accuracy: bool = False
    percent: bool = False
    slack: float = 0.0
    decimals: int | None = None

    def admits(self, value: float) -> bool:
        """Say whether a value makes sense as this limit."""
        return self.low < value <= self.high or (self.low_included and value == self.low)

    @property
    def expected(self) -> str:
        """What makes sense, in words."""
        low = "at least" if self.low_included else "above"
        high = f" and at most {self.high:g}" if math.isfinite(self.high) else ""
        return f"a finite number {low} {self.low:g}{high}"

    def meets(self, measured: float, limit: float) -> bool:
        """Say whether a number is on the right side of a limit."""
        return measured >= limit - self.slack if self.at_least else measured <= limit + self.slack

    def asked(self, limit: float) -> str:
        """Write a limit as "at least 0.99" or "at most 24 MB"."""
        return f"{'at least' if self.at_least else 'at most'} {limit:.15g}{self.unit}"

    def written(self, measured: float, limit: float) -> str:
        """Write a number in as few digits as show on which side of a limit it is."""
        form, least = ("g", 4) if self.decimals is None else ("f", self.decimals)
        ok = self.meets(measured, limit)
        texts = (f"{measured:.{digits}{form}}" for digits in range(least, _DIGITS))
        return next((text for text in texts if self.meets(float(text), limit) == ok), repr(measured))


def _latency(measures: Measures) -> float | None:
    return None if measures.latency_ms is None else measures.latency_ms[INT8].p50


def _ratio(measures: Measures) -> float | None:
    race = measures.latency_ms
    return None if race is None or PYTORCH not in race.latencies else race[PYTORCH].p50 / race[INT8].p50


_cosine = partial(Limit, at_least=True, high=1.0, slack=ROUNDING, decimals=5)

_LIMITS = (
    _cosine(
        name="cosine",
        meaning="cosine, mean over the evaluation samples",
        read=lambda measures: measures.accuracy.cosine_mean,
        on_accuracy=True,
    ),
    _cosine(
        name="cosine_min",
        meaning="cosine of the worst evaluation sample",
        read=lambda measures: measures.accuracy.cosine_min,
        on_accuracy=True,
    ),
    Limit(
        name="metric_drop",
        meaning="what the model's own metric loses",
        read=lambda measures: measures.accuracy.metric_drop,
        at_least=False,
        low_included=True,
        on_accuracy=True,
        percent=True,
    ),
    Limit(name="latency_ms", meaning="latency, median", read=_latency, at_least=False, unit=" ms"),
    Limit(
        name="latency_ratio", meaning="speedup over the original, p50", read=_ratio, at_least=True, unit="x"
    ),
    Limit(
        name="size_mb",
        meaning="size of the graphs with their weights",
        read=lambda measures: measures.size_mb.get(INT8),
        at_least=False,
        unit=" MB",
    ),
    Limit(
        name="memory_mb",
        meaning="memory that loading and running it adds to a process",
        read=lambda measures: measures.memory_mb,
        at_least=False,
        unit=" MB",
    ),
)

LIMITS: Mapping[str, Limit] = {limit.name: limit for limit in _LIMITS}

# Asked of every bundle: a device that may answer so far off proves nothing.
GOLDEN = _cosine(
    name="golden",
    meaning="cosine that every golden output must reach on a device",
    read=lambda measures: measures.golden,
)
GOLDEN_FLOOR = 0.9


def limit_of(name: str) -> Limit:
    """Return the limit that a check goes by."""
    return GOLDEN if name == GOLDEN.name else LIMITS[name]
