"""What was measured of a model, as a limit looks at it: exact, a mean over samples, or the worst of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from edgeattn.judge.statistics import (
    LEAST_SAMPLES,
    count_for,
    count_needed,
    mean_bound,
    share_shown,
    unseen_score,
)

Meets = Callable[[float], bool]  # says whether a number is on the right side of a limit
RIGHT_OR_WRONG = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether all inputs meet a limit, as far as samples can show.

    Attributes:
        ok: It is shown to be met.
        decided: False where the samples meet it and yet do not show it: they are too few.
        bound: The unfavorable end of a mean's interval; None where there is none.
        share: Of inputs, that the worst sample speaks for; None of what is no worst case.
        needed: Evaluation samples that would do, where these are too few; None where no number does.
    """

    ok: bool
    decided: bool = True
    bound: float | None = None
    share: float | None = None
    needed: int | None = None


class Figure(Protocol):
    """A number, and what it shows."""

    @property
    def value(self) -> float:
        """As measured."""

    def decide(self, meets: Meets) -> Decision:
        """Judge it by a limit."""

    def promises(self, meets: Meets, count: int, /) -> bool:
        """Say whether it meets a limit, and ``count`` samples like these may be expected to show it."""


@dataclass(frozen=True, slots=True)
class Exact:
    """What no sample has a say in, such as a size."""

    value: float

    def decide(self, meets: Meets) -> Decision:
        """Take it as it is."""
        return Decision(meets(self.value))

    def promises(self, meets: Meets, _count: int, /) -> bool:
        """Take it as it is."""
        return meets(self.value)


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over samples.

    Attributes:
        scores: A number a sample.
        unseen: The score of an input that nobody saw, see ``edgeattn.judge.statistics``.
        at_least: Whether a high score is a good one.
        read: Makes the figure of a mean; it grows with it.
        lossless: The mean over inputs that lose nothing, of which one that nobody saw still loses a step: no
            recipe shows more. None where such an input has no least loss.
    """

    scores: Sequence[float]
    unseen: float
    at_least: bool
    read: Callable[[float], float] = float
    lossless: Mean | None = None

    @property
    def value(self) -> float:
        """Of the samples' mean."""
        return self.read(float(np.mean(self.scores)))

    def decide(self, meets: Meets) -> Decision:
        """Judge it by the unfavorable end of its interval; a mean that itself misses a limit fails."""
        bound = self.read(mean_bound(self.scores, self.unseen, at_least=self.at_least))
        if not meets(self.value):
            return Decision(ok=False, bound=bound)
        if meets(bound) and len(self.scores) >= LEAST_SAMPLES:
            return Decision(ok=True, bound=bound)
        needed = count_needed(
            self.scores, self.unseen, lambda mean: meets(self.read(mean)), at_least=self.at_least
        )
        return Decision(ok=False, decided=False, bound=bound, needed=needed)

    def promises(self, meets: Meets, count: int, /) -> bool:
        """Judge it by the interval of ``count`` samples; by its value where so few show it of no recipe."""
        best = self.lossless
        if count < LEAST_SAMPLES or (best is not None and not meets(self.read(best._bound(count)))):
            return meets(self.value)
        return meets(self.value) and meets(self.read(self._bound(count)))

    def _bound(self, count: int) -> float:
        """Return the unfavorable end of the mean's interval over ``count`` samples like these."""
        repeats = count / len(self.scores)
        return mean_bound(self.scores, self.unseen, at_least=self.at_least, repeats=repeats)


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst of some samples, and how many there are."""

    value: float
    count: int

    def decide(self, meets: Meets) -> Decision:
        """Judge it by the share of inputs that the samples speak for; one that misses a limit fails."""
        share, needed = share_shown(self.count), count_for()
        if not meets(self.value) or self.count >= needed:
            return Decision(meets(self.value), share=share)
        return Decision(ok=False, decided=False, share=share, needed=needed)

    def promises(self, meets: Meets, _count: int, /) -> bool:
        """Take it as it is: how far beyond it the worst of others lies, no count of samples says."""
        return meets(self.value)


def mean_drop(before: Sequence[float], after: Sequence[float]) -> Mean:
    """Return the mean loss, of which an unseen input has one step of the metric at least.

    Where a metric knows only right and wrong, that is all of it. Otherwise it is the smallest that is seen
    between two of its values, such as an eighth of a batch of eight: grades that no sample lost may be lost.
    """
    drops = [a - b for a, b in zip(before, after, strict=True)]
    is_right_or_wrong = all(value in RIGHT_OR_WRONG for value in (*before, *after))
    values = pairwise(sorted({*before, *after}))
    step = 1.0 if is_right_or_wrong else min((high - low for low, high in values), default=0.0)
    unseen = 1.0 if is_right_or_wrong else max(unseen_score(drops, at_least=False), step)
    return Mean(drops, unseen, at_least=False, lossless=Mean([0.0], step, at_least=False))
