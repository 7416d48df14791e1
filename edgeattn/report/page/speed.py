"""How fast each runner is: latencies as distributions on one axis, and in numbers."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgeattn.report.number_words import figure, runner_label, speedup_text
from edgeattn.report.table import conditions_line
from edgeattn.results.latency import FLOAT, INT8, PYTORCH, Race
from edgeattn_runtime.timing.latency import Latency

WIDTH, HEIGHT = 600, 40  # of a runner's picture, in its own units
CURVE_POINTS = 150  # across it
AXIS_MARGIN = 0.06  # of the axis, beyond the fastest and the slowest call that are shown
_TICKS = (1.0, 2.0, 5.0)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Distribution:
    """One runner.

    Attributes:
        outline: Of its distribution, as an SVG path takes it; without quantiles, a bar from p50 to p99.
        marks: Where p50, p90 and p99 lie, in percent of the axis.
    """

    label: str
    latency: Latency
    outline: str
    marks: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Distributions:
    """All of them, and the ticks of their axis: each its place in percent, and its number."""

    runners: tuple[Distribution, ...]
    ticks: tuple[tuple[float, str], ...]


def distributions(latencies: Mapping[str, Latency]) -> Distributions:
    """Lay out latencies, at least one, on one logarithmic axis."""
    axis = _Axis.over(latencies.values())
    return Distributions(
        tuple(
            Distribution(label, it, _outline(it, axis), (axis.at(it.p50), axis.at(it.p90), axis.at(it.p99)))
            for label, it in latencies.items()
        ),
        tuple((axis.at(tick), f"{tick:g}") for tick in axis.ticks()),
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """From where to where, in logarithms of ms."""

    low: float
    high: float

    @classmethod
    def over(cls, latencies: Collection[Latency]) -> _Axis:
        # Without the one slowest call, which would squeeze all others.
        times = [time for it in latencies for time in (*it.quantiles[:-1], it.p50, it.p99)]
        low, high = math.log(min(times)), math.log(max(times))
        margin = AXIS_MARGIN * max(high - low, 0.1)
        return cls(low - margin, high + margin)

    def at(self, milliseconds: float) -> float:
        """Return a place in percent."""
        return round(100 * (math.log(milliseconds) - self.low) / (self.high - self.low), 2)

    def ticks(self) -> list[float]:
        """Return round numbers that lie on it."""
        first = math.floor(self.low / math.log(10))
        decades = range(first, math.ceil(self.high / math.log(10)) + 1)
        round_numbers = [tick * 10.0**decade for decade in decades for tick in _TICKS]
        return [tick for tick in round_numbers if 4 < self.at(tick) < 96]


def _outline(latency: Latency, axis: _Axis) -> str:
    if not latency.quantiles:
        left, right = (WIDTH * axis.at(it) / 100 for it in (latency.p50, latency.p99))
        return f"M{left:.1f},{HEIGHT * 0.3:g}H{right:.1f}V{HEIGHT * 0.7:g}H{left:.1f}Z"
    times = np.log(np.asarray(latency.quantiles))
    grid = np.linspace(axis.low, axis.high, CURVE_POINTS)
    heights = _density(times, grid)
    across = np.linspace(0, WIDTH, CURVE_POINTS)
    down = HEIGHT * (1 - 0.92 * heights / heights.max())
    visible = heights > 0.004 * heights.max()
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across[visible], down[visible], strict=True))
    left, right = across[visible][0], across[visible][-1]
    return f"M{left:.1f},{HEIGHT} L{points} L{right:.1f},{HEIGHT}Z"


def _density(quantiles: Array, grid: Array) -> Array:
    """Return the density of calls, an equal share of which lies between one quantile and the next."""
    centers = (quantiles[1:] + quantiles[:-1]) / 2
    quartile_range = np.subtract(*np.percentile(quantiles, (75, 25)))
    # Silverman's rule for a spread that outliers do not widen, and no narrower than the picture resolves.
    width = max(0.9 * quartile_range / 1.34 * len(centers) ** -0.2, 1.5 * float(grid[1] - grid[0]))
    return np.asarray(np.exp(-0.5 * np.square((grid[:, None] - centers) / width)).sum(axis=1))


@dataclass(frozen=True, slots=True)
class Speed:
    """A race, to be shown.

    Attributes:
        original: What "pytorch" stands for in it.
        other_ways: The same by the name of each other way that the bundle runs in.
    """

    race: Race
    original: str
    other_ways: Mapping[str, Race] = field(default_factory=dict)

    @property
    def highlight(self) -> Mapping[str, str]:
        """How many times as fast as the original it is; as the float export where there is no PyTorch."""
        if PYTORCH in self.race.latencies:
            return {speedup_text(self.race, INT8): f"speedup over {self.original}, p50"}
        return {f"{figure(self.race[FLOAT].p50 / self.race[INT8].p50)}x": "speedup over float, p50"}

    @property
    def latencies(self) -> Distributions:
        """Of each runner."""
        return distributions({label: race[name] for label, race, name in self._runners})

    @property
    def speedups(self) -> Mapping[str, str]:
        """By runner's label, how many times as fast as the original it is."""
        return {label: speedup_text(race, name) for label, race, name in self._runners}

    @property
    def conditions(self) -> str:
        """Under what they were measured."""
        return conditions_line(self.race).plain

    @property
    def disturbed(self) -> Sequence[str]:
        """What disturbed them."""
        surroundings = self.race.conditions.surroundings
        return () if surroundings is None else surroundings.disturbances

    @property
    def _runners(self) -> Sequence[tuple[str, Race, str]]:
        """Each runner's label, the race that it is of, and its name there."""
        runners = [(runner_label(name, self.original), self.race, name) for name in self.race.latencies]
        ways = [(f"{runner_label(INT8)} {name}", race, INT8) for name, race in self.other_ways.items()]
        return [*runners, *ways]
