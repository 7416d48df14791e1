"""What a report holds of attentions: what each head is worth, and how near attention maps came."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AttentionHeads:
    """One attention whose heads are known.

    Attributes:
        module: The PyTorch module that reads them.
        lost: By head, the share of the variance of that module's output, from 0 to 1, which is lost without
            this head, with the others refitted.
        pruned: The heads that the recipe removes, counted from 0.
    """

    module: str
    lost: tuple[float, ...]
    pruned: tuple[int, ...] = ()


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
