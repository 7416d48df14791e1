"""Lines as points of a picture, all of them on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 300, 80  # of the picture, in its own units


@dataclass(frozen=True, slots=True)
class Curves:
    """A picture's lines.

    Attributes:
        points: By line, its points as SVG takes them.
        zero: Where 0 lies, from the top; None where it lies outside.
    """

    points: tuple[str, ...]
    zero: float | None


def curves(lines: Sequence[Sequence[float]]) -> Curves:
    """Lay out lines, at least one, each of at least one number."""
    low, high = min(map(min, lines)), max(map(max, lines))
    reach = high - low or 1.0

    def down(value: float) -> float:
        return round(HEIGHT * (0.95 - 0.9 * (value - low) / reach), 1)

    return Curves(
        tuple(
            " ".join(f"{WIDTH * i / max(len(line) - 1, 1):.1f},{down(value)}" for i, value in enumerate(line))
            for line in lines
        ),
        down(0.0) if low < 0 < high else None,
    )
