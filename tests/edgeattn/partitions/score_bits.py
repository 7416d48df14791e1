"""A sample's score as bits, which two ways of scoring must share."""

from __future__ import annotations

from dataclasses import replace

from edgeattn.judge.measures import SampleScore


def bits(score: SampleScore) -> tuple[SampleScore, list[bytes]]:
    """Return a score without its arrays, and these as bytes."""
    parts = score.r2_parts.values()
    arrays = [a for it in parts for a in (it.moments.count, it.moments.mean, it.moments.squares, it.squares)]
    return replace(score, r2_parts={}), [array.tobytes() for array in arrays]
