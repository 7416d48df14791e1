"""Which wrong answers a proof sees, in words that the table and the page share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edgeattn.results.planted_error import SHIFT, Kind, PlantedError

HEADINGS = ("Wrong answer", "failed by", "from")

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
