"""One recipe as it was found to be: made, run on the selection samples, and timed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edgeattn_export.quantize.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Trial:
    """What a recipe comes to, end to end.

    Attributes:
        recipe: Whose trial it is; reachable again with ``edgeattn export --recipe``.
        cosine_mean: Mean over the selection samples of the cosine of all outputs to the float graph's.
        cosine_min: The worst sample's.
        latency_ms: p50 over a stratified choice of these samples, one thread, in processor time.
        size_mb: The int8 graph with its weights, 1 MB = 10^6 bytes.
    """

    recipe: Recipe
    cosine_mean: float
    cosine_min: float
    latency_ms: float
    size_mb: float

    def dominates(self, other: Trial) -> bool:
        """Say whether this is nowhere worse than another, and better somewhere."""
        mine, its = _axes(self), _axes(other)
        return mine != its and all(a <= b for a, b in zip(mine, its, strict=True))


def front(trials: Iterable[Trial]) -> tuple[Trial, ...]:
    """Return the Pareto front over worst cosine, latency and size, the fastest first."""
    found = tuple(trials)
    kept = (trial for trial in found if not any(other.dominates(trial) for other in found))
    return tuple(sorted(kept, key=lambda trial: trial.latency_ms))


def _axes(trial: Trial) -> tuple[float, float, float]:
    return -trial.cosine_min, trial.latency_ms, trial.size_mb
