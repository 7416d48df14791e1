"""How near attention maps came."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AttentionMap:
    """One output (batch, [heads,] queries, keys), each row of which sums to 1.

    The distance of two rows is their total variation, half the sum of absolute differences: the share of its
    attention that a query spends on other keys than the original's does, from 0 to 1.

    Attributes:
        output: Its name.
        module: The PyTorch module whose attention it is.
        distance_mean: Over the queries of a sample and their heads, then over samples.
        distance_max: Of the worst sample, the mean over its queries and their heads.
    """

    output: str
    module: str
    distance_mean: float
    distance_max: float
