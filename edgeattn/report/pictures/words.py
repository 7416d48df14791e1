"""What either says, written beside a drawing in its color."""

from __future__ import annotations

from matplotlib.figure import Figure

from edgeattn.report.pictures.shown import BY_BUNDLE, BY_PYTORCH, Shown

LONGEST = 72  # characters of a line


def write_words(figure: Figure, shown: Shown, *, left: float, top: float, line: float) -> None:
    """Write both in a line each, in parts of the figure's size: its left, its top, and a line's height."""
    said = zip(("PyTorch", "The bundle"), shown.words, (BY_PYTORCH, BY_BUNDLE), strict=True)
    for place, (who, words, color) in enumerate(said):
        text = words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
        figure.text(left, top - place * line, f"{who}: {text}", color=color, va="top", weight="bold")
