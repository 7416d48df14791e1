"""The heads of one attention, and what each of them is worth."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AttentionHeads:
    """One attention whose heads are known.

    Attributes:
        module: The PyTorch module that reads them.
        lost: By head, the share of the variance of that module's output, from 0 to 1, which is lost without
            this head alone, the others making up for it.
        pruned: The heads that the recipe removes, counted from 0.
    """

    module: str
    lost: tuple[float, ...]
    pruned: tuple[int, ...] = ()
