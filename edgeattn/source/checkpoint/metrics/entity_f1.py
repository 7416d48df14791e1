"""F1 of entities: runs of tokens with one type, right where both the run and its type are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def entity_f1(predicted: Sequence[str], expected: Sequence[str]) -> float:
    """Return the F1 of one sequence, as conlleval counts entities (Tjong Kim Sang & De Meulder 2003).

    Args:
        predicted: Tags, one a word, such as ``B-PER``, ``I-PER`` and ``O``.
        expected: As many.

    Returns:
        1 where neither has an entity.
    """
    answered, right = set(_entities(predicted)), set(_entities(expected))
    return 2 * len(answered & right) / (len(answered) + len(right)) if answered or right else 1.0


def _entities(tags: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the start, the end and the type of each entity; one may begin with I, where none goes on."""
    start, kind = 0, ""
    for place, tag in enumerate([*tags, "O"]):
        prefix, _, name = tag.partition("-")
        if kind and (prefix in ("B", "O") or name != kind):
            yield start, place, kind
            kind = ""
        if not kind and prefix != "O":
            start, kind = place, name
