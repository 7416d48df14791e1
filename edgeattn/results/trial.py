"""One recipe that was tried: what it came to, and its name as it is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass

_OF_BOTH = re.compile(
    r"^model: (?=.*; encoder: )", re.DOTALL
)  # see edgeattn_export.quantize.recipes.bundle_recipe


def recipe_words(name: str) -> str:
    """Return a name to be read; in a bundle with an encoder, the graph "model" is the decoder.

    Args:
        name: The recipe's own, such as "model: 13 int8; encoder: 10 int8", by which its file goes.
    """
    return _OF_BOTH.sub("decoder: ", name)


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What a recipe came to on the selection samples.

    Of a bundle of several graphs: the least of their R², each to its own float graph's answers, and the
    sums of their times and sizes.

    Attributes:
        recipe: Its file next to the report, such as "recipes/02-smoothed.json", for ``edgeattn export
            --recipe``; None where the bundle holds none: it is neither on the front nor chosen.
        r2: 1 less the mean squared error over samples, in units of what each channel of the float graph's
            answers varies by.
        r2_min: The same of the worst sample.
        latency_ms: p50, one thread.
        size_mb: The int8 graph with its weights, 1 MB = 10^6 bytes.
        front: Whether no other trial is as good in worst R², latency and size, and better in one.
    """

    name: str
    recipe: str | None
    r2: float
    r2_min: float
    latency_ms: float
    size_mb: float
    front: bool
    chosen: bool

    @property
    def number(self) -> str:
        """The number that its file begins with, such as "02"; empty where it has none."""
        return (self.recipe or "").rpartition("/")[2].partition("-")[0]
