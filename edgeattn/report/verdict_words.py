"""A verdict in words: what a check shows of all inputs, edge cases, and which wrong answers a proof sees."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from edgeattn.report.number_words import count, error, limit_text, measured_text
from edgeattn.results.check import CONFIDENCE, EVALUATION_SHARE, Check, EdgeCase
from edgeattn.results.limits import limit_of
from edgeattn.results.planted_error import SHIFT, Kind, PlantedError

CONFIDENCE_HEADING = f"at {100 * CONFIDENCE:.0f} % confidence"  # the head of a column
PLANTED_HEADINGS = ("Wrong answer", "failed by", "from")

_WORDS: Mapping[Kind, str] = {
    "twice": "twice the right one",
    "tenth": "a tenth of the right one",
    "negative": "its negative around the mean",
    "constant": "always the mean",
    "other sample": "another sample's",
    "least channel": "0 in the channel that varies least",
    "largest channel": "0 in the channel that varies most",
    "position": "one position turned around the mean",
    "shift": f"{SHIFT:g} of the spread too high",
}


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


def planted_rows(planted: Iterable[PlantedError]) -> list[tuple[str, str, str]]:
    """Return a row for each kind of error: what it is, what fails it, and from which size."""
    return [(_WORDS[each.kind], _seen(each), _from(each)) for each in planted]


def unseen_notes(planted: Sequence[PlantedError]) -> tuple[str, ...]:
    """Return a line on gross errors that no limit fails, for each limit that would."""
    remedies = dict.fromkeys(each.remedy for each in planted if each.remedy is not None)
    return tuple(_note(limit, [it for it in planted if it.remedy == limit]) for limit in remedies)


def _note(limit: str, unseen: Sequence[PlantedError]) -> str:
    outputs = ", ".join(dict.fromkeys(output for each in unseen for output in each.unseen))
    words = ", ".join(_WORDS[each.kind] for each in unseen)
    return f"This proof would not see a wrong answer in {outputs}: {words}; add {limit} to the budget."


def _seen(error: PlantedError) -> str:
    if error.seen:
        return ", ".join(error.by)
    return f"nothing, in {', '.join(error.unseen)}"


def _from(error: PlantedError) -> str:
    size = error.smallest
    if size is None:
        return ""
    if error.kind == "shift":
        return f"{SHIFT * size:.2g} of the spread"
    return f"{1 + size if error.kind == 'twice' else 1 - 0.9 * size:.3g} times"
