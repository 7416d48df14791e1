"""What a verdict rests on: limits of the budget, each with what was measured against it, and edge cases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

CONFIDENCE = 0.95  # that what a check states of all inputs is true of them
EVALUATION_SHARE = 0.5  # of a model's samples, see ``edgeattn_export.graph.samples``

Verdict = Literal["pass", "fail", "undecided"]


def verdict_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Return what several come to: one that fails fails them all, and one that is undecided else."""
    distinct = set(verdicts)
    return "fail" if "fail" in distinct else "undecided" if "undecided" in distinct else "pass"


@dataclass(frozen=True, slots=True)
class Check:
    """A limit, held against what was measured.

    Attributes:
        name: The limit's, see ``edgeattn.results.limits``.
        ok: Whether it is shown to be met by all inputs, at ``CONFIDENCE``.
        decided: False where the samples meet it and yet do not show it.
        bound: The unfavorable end of a mean's interval; None of what is no mean over samples.
        share: Of inputs, that a worst sample speaks for; None of what is no worst sample.
        needed: Evaluation samples that would do, where these are too few; None where no number does.
    """

    name: str
    measured: float
    limit: float
    ok: bool
    decided: bool = True
    bound: float | None = None
    share: float | None = None
    needed: int | None = None

    @property
    def verdict(self) -> Verdict:
        """The word on it."""
        return ("pass" if self.ok else "fail") if self.decided else "undecided"


@dataclass(frozen=True, slots=True)
class EdgeCase:
    """Inputs at an end of the contract, as the original and int8 answer them.

    Attributes:
        name: What is special about them.
        ok: False where int8 or the float export is wrong.
        error: Of int8 to the original, of the worst row, root mean square in units of what answers vary by;
            None where one of them does not answer.
        reason: Why it fails, or why it is not compared: the original itself does not answer, or the target
            has no such sizes; or how far off it is, where it is beyond all real inputs and so fails nothing.
            None where it is compared and right.
    """

    name: str
    ok: bool
    error: float | None = None
    reason: str | None = None

    @property
    def verdict(self) -> Verdict:
        """The word on it."""
        return "pass" if self.ok else "fail"

    @property
    def in_verdict(self) -> bool:
        """Whether it counts in the verdict."""
        return not self.ok or (self.error is not None and self.reason is None)
