"""One recipe that was tried, as the report tells of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrialLine:
    """What a recipe came to on the selection samples.

    Of a bundle of several graphs: the least of their cosines, each to its own float graph's answers, and the
    sums of their times and sizes.

    Attributes:
        name: The recipe's.
        recipe: Its file beside the report, such as "recipes/02-smoothed.json", for ``edgeattn export
            --recipe``; None where the bundle holds none: it is neither on the front nor chosen.
        cosine_mean: Mean over samples of the cosine of all outputs to the float graph's.
        cosine_min: The worst sample's.
        latency_ms: p50, one thread.
        size_mb: The int8 graph with its weights, 1 MB = 10^6 bytes.
        front: Whether no other trial is as good in worst cosine, latency and size, and better in one.
        chosen: Whether the bundle was made by it.
    """

    name: str
    recipe: str | None
    cosine_mean: float
    cosine_min: float
    latency_ms: float
    size_mb: float
    front: bool
    chosen: bool

    @property
    def number(self) -> str:
        """The number that its file begins with, such as "02"; empty where it has none."""
        return (self.recipe or "").rpartition("/")[2].partition("-")[0]
