"""How wrong a text is: its edit distance to the right one (Levenshtein 1966)."""

from __future__ import annotations


def distance(said: str, right: str) -> int:
    """Return how many characters must be put in, left out or replaced to make `right` of `said`."""
    row = list(range(len(right) + 1))
    for place, letter in enumerate(said, start=1):
        above, row = row, [place]
        for other, expected in enumerate(right):
            row.append(min(row[-1] + 1, above[other + 1] + 1, above[other] + (letter != expected)))
    return row[-1]


def character_error(said: list[str], right: list[str]) -> float:
    """Return the edits that `said` needs, for each character of `right`."""
    return sum(map(distance, said, right)) / sum(map(len, right))
