"""What a check shows of inputs that nobody saw, in words: its interval, or how many samples it would take."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from edgeattn.judge.check import Check
from edgeattn.judge.limits import limit_of
from edgeattn.judge.statistics import CONFIDENCE
from edgeattn.report.number_words import asked, cosine, count, measured
from edgeattn.results.check import EdgeCase
from edgeattn_export.graph.sample_split import EVALUATION_SHARE

SHOWN = f"shown at {CONFIDENCE:.0%}".replace("%", " %")  # the head of a column


def shown(check: Check) -> str:
    """Write how bad a mean over all inputs may be, or for how many of them a worst sample speaks."""
    if check.bound is not None:
        return limit_of(check.name).written(check.bound, check.limit)
    if check.share is None:
        return ""
    return f"for {math.floor(1000 * check.share) / 10:g} % of inputs"


def edge_cases_line(cases: Sequence[EdgeCase]) -> str:
    """Return how many edge cases are right, and how near the worst of those that are compared came."""
    compared = [case for case in cases if case.judged]
    lowest = min((case.cosine for case in compared if case.cosine is not None), default=None)
    right = f"Edge cases: {sum(case.ok for case in compared)} of {len(compared)} right"
    return right if lowest is None else f"{right}, the lowest cosine {cosine(lowest)}"


def undecided(checks: Iterable[Check], evaluation: int) -> tuple[str, ...]:
    """Return a line for each check that is not decided: what was found, and what would decide it.

    Args:
        checks: All of a report.
        evaluation: How many samples evaluated.
    """
    few = f"{count(evaluation, 'evaluation sample')} {'does' if evaluation == 1 else 'do'}"
    return tuple(
        f"{check.name} is {measured(check)}, {asked(check)} asked, but {few} not show that of all inputs: "
        f"{_needed(check)}."
        for check in checks
        if not check.decided
    )


def _needed(check: Check) -> str:
    if check.needed is None:
        return "no number of samples like these would; ask for less"
    return f"{check.needed} would do; yield {math.ceil(check.needed / EVALUATION_SHARE)} samples or more"
