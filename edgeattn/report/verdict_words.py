"""What a check shows of all inputs, in words: its interval, or how many samples it would take."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from edgeattn.report.number_words import count, error, limit_text, measured_text
from edgeattn.results.check import CONFIDENCE, EVALUATION_SHARE, Check, EdgeCase
from edgeattn.results.limits import limit_of

CONFIDENCE_HEADING = f"at {100 * CONFIDENCE:.0f} % confidence"  # the head of a column


def confidence_text(check: Check) -> str:
    """Write how bad a mean over all inputs may be, or for how many of them a worst sample speaks."""
    if check.bound is not None:
        return limit_of(check.name).number_text(check.bound, check.limit)
    if check.share is None:
        return ""
    return f"for {math.floor(1000 * check.share) / 10:g} % of inputs"


def edge_cases_line(cases: Sequence[EdgeCase]) -> str:
    """Return how many edge cases are right, and the largest error of those that are compared."""
    compared = [case for case in cases if case.in_verdict]
    largest = max((case.error for case in compared if case.error is not None), default=None)
    right = f"Edge cases: {sum(case.ok for case in compared)} of {len(compared)} right"
    return right if largest is None else f"{right}, the largest error {error(largest)}"


def undecided_notes(checks: Iterable[Check], evaluation: int) -> tuple[str, ...]:
    """Return a line for each check that is not decided: what was found, and what would decide it."""
    few = f"{count(evaluation, 'evaluation sample')} {'does' if evaluation == 1 else 'do'}"
    return tuple(
        f"{check.name} is {measured_text(check)}, {limit_text(check)} required, but {few} not show that of "
        f"all inputs: {_needed(check)}."
        for check in checks
        if not check.decided
    )


def _needed(check: Check) -> str:
    if check.needed is None:
        return "no number of samples like these would; ask for less"
    return f"{check.needed} would do; yield {math.ceil(check.needed / EVALUATION_SHARE)} samples or more"
