"""What an edge case came to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EdgeCase:
    """Inputs at an end of the contract, as the original and int8 answer them.

    Attributes:
        name: What is special about them.
        ok: False where int8 or the float export is wrong.
        cosine: Of int8 to the original, of the worst row; None where one of them does not answer.
        told: Why it fails, or why it is not compared: the original itself does not answer, or the target has
            no such sizes; or how far off it is, where it is beyond all real inputs and so fails nothing. None
            where it is compared and right.
    """

    name: str
    ok: bool
    cosine: float | None = None
    told: str | None = None

    @property
    def judged(self) -> bool:
        """Whether it counts in the verdict."""
        return not self.ok or (self.cosine is not None and self.told is None)
