"""One limit, what was measured against it, and what that shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from edgeattn.judge.figures import Figure
from edgeattn.judge.limits import Limit

Verdict = Literal["pass", "fail", "undecided"]


def verdict_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Return what several come to: one that fails fails them all, and one that is undecided else."""
    found = set(verdicts)
    return "fail" if "fail" in found else "undecided" if "undecided" in found else "pass"


@dataclass(frozen=True, slots=True)
class Check:
    """A limit, held against what was measured.

    Attributes:
        name: The limit's.
        measured: Over the samples.
        limit: What was asked.
        ok: It is shown to be met: by all inputs, at ``edgeattn.judge.statistics``.
        decided: False where the samples meet it and yet do not show it.
        bound: The unfavourable end of a mean's interval; None of what is no mean over samples.
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

    @classmethod
    def of(cls, limit: Limit, asked: float, figure: Figure) -> Check:
        """Judge a figure by a limit."""
        return cls(limit.name, figure.value, asked, **asdict(limit.decide(figure, asked)))

    @property
    def verdict(self) -> Verdict:
        """Return the word on it."""
        return ("pass" if self.ok else "fail") if self.decided else "undecided"
