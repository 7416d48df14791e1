"""What the search aims at: limits on exactness, time and size; and a recipe's trial against them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from edgeattn_export.quantize.recipes.recipe import Recipe

Prefer = Literal["speed", "size"]
# Of the allowed error that the selection samples may use. No weight is rounded by them, so that they do not
# flatter that; but a recipe that was chosen on them may be less exact on others. MiniLM's worst error was
# 1.3 to 1.7 times as large on 120 others as on these 60.
MEAN_SHARE, WORST_SHARE = 0.8, 0.5
LEAST_ERROR = 1e-12  # error that is none: a limit of exactly 1 asks for it
NO_LIMIT = -math.inf  # on R²
R2, R2_MIN = 0.998, 0.996  # aimed at where nothing is asked, and the target aims at no other


@dataclass(frozen=True, slots=True)
class Trial:
    """What a recipe comes to, end to end.

    Attributes:
        recipe: Whose trial it is; reachable again with ``edgeattn export --recipe``.
        r2: 1 less the mean squared error over the selection samples, in units of what each channel of the
            float graph's answers varies by, see ``edgeattn_export.graph.spread``.
        r2_min: The same of the worst sample.
        latency_ms: p50 over a stratified choice of these samples, one thread, in processor time.
        size_mb: The int8 graph with its weights, 1 MB = 10^6 bytes.
    """

    recipe: Recipe
    r2: float
    r2_min: float
    latency_ms: float
    size_mb: float

    def dominates(self, other: Trial) -> bool:
        """Say whether this is nowhere worse than another, and better somewhere."""
        own, others = _axes(self), _axes(other)
        return own != others and all(a <= b for a, b in zip(own, others, strict=True))


def front(trials: Iterable[Trial]) -> tuple[Trial, ...]:
    """Return the Pareto front over the worst R², latency and size, the fastest first."""
    every = tuple(trials)
    undominated = (trial for trial in every if not any(other.dominates(trial) for other in every))
    return tuple(sorted(undominated, key=lambda trial: trial.latency_ms))


def _axes(trial: Trial) -> tuple[float, float, float]:
    return -trial.r2_min, trial.latency_ms, trial.size_mb


@dataclass(frozen=True, slots=True)
class Goal:
    """Limits, each of them infinite where nothing is asked.

    Attributes:
        r2: At least this, over samples.
        r2_min: At least this, for the worst sample.
        latency_ms: At most this, p50.
        size_mb: At most this, 1 MB = 10^6 bytes.
        prefer: What is least among all that meets the limits.
        thorough: Whether layers are looked at one by one, where not all of their group can have the cheapest
            form; it may take minutes.
        is_aim: Whether nobody asks for the limits on R²: what reaches them on the selection samples will do.
    """

    r2: float = R2
    r2_min: float = R2_MIN
    latency_ms: float = math.inf
    size_mb: float = math.inf
    prefer: Prefer = "speed"
    thorough: bool = False
    is_aim: bool = False

    @property
    def mean_error(self) -> float:
        """The mean squared error that the selection samples may show."""
        return MEAN_SHARE * (1 - self.r2)

    @property
    def worst_error(self) -> float:
        """The largest of a sample that they may show."""
        return WORST_SHARE * (1 - self.r2_min)

    @property
    def wants_size(self) -> bool:
        """Whether a smaller graph counts."""
        return self.prefer == "size" or math.isfinite(self.size_mb)

    def excess(self, mean_error: float, worst_error: float, milliseconds: float, megabytes: float) -> float:
        """Say by how much limits are missed, each as a share of itself, all together; 0 where all are met."""
        shares = (
            mean_error / max(self.mean_error, LEAST_ERROR),
            worst_error / max(self.worst_error, LEAST_ERROR),
            milliseconds / self.latency_ms,
            megabytes / self.size_mb,
        )
        return sum(max(share - 1, 0.0) for share in shares)

    def excess_of(self, trial: Trial) -> float:
        """Say by how much a trial misses limits, see ``excess``."""
        return self.excess(1 - trial.r2, 1 - trial.r2_min, trial.latency_ms, trial.size_mb)

    def cost(self, milliseconds: float, megabytes: float) -> float:
        """Return what is to be least; the other one counts a little, so that ties have an order."""
        if self.prefer == "size":
            return megabytes + 1e-3 * milliseconds
        return milliseconds + 1e-4 * megabytes

    def met_by(self, trial: Trial) -> bool:
        """Say whether a trial meets every limit, those on exactness with their margin."""
        return self.misses(trial) == ()

    def misses(self, trial: Trial) -> tuple[str, ...]:
        """Name the limits that a trial misses."""
        missed = {
            "r2": 1 - trial.r2 > self.mean_error,
            "r2_min": 1 - trial.r2_min > self.worst_error,
            "latency_ms": trial.latency_ms > self.latency_ms,
            "size_mb": trial.size_mb > self.size_mb,
        }
        return tuple(name for name, is_missed in missed.items() if is_missed)

    def used_by(self, trial: Trial) -> float:
        """Say which share of an allowed error a trial has, of mean and worst the larger; at most 1."""
        mean = (1 - trial.r2) / max(self.mean_error, LEAST_ERROR)
        worst = (1 - trial.r2_min) / max(self.worst_error, LEAST_ERROR)
        return min(max(mean, worst), 1.0)

    def for_rules(self) -> Goal:
        """Return the goal of a rule's recipes, too few to be chosen by luck: an aim needs no margin."""
        if not self.is_aim:
            return self
        return replace(self, r2=1 - (1 - self.r2) / MEAN_SHARE, r2_min=1 - (1 - self.r2_min) / WORST_SHARE)

    def tightened(self, share: float) -> Goal:
        """Return the goal with that share of its allowed errors, and with the margin of what is asked."""
        r2, r2_min = 1 - share * (1 - self.r2), 1 - share * (1 - self.r2_min)
        return replace(self, is_aim=False, r2=r2, r2_min=r2_min)
