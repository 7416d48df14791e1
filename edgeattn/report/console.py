"""The terminal that tables and notices are printed to: what they show is words, never commands to it."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from edgeattn_runtime.legible import printable


class LegibleConsole(Console):
    """A console that escapes control characters, such as those in a bundle's provenance or a graph's names.

    Args:
        width: In columns; None takes the terminal's.
    """

    def __init__(self, *, width: int | None = None) -> None:
        # Brackets in what is printed are dims, not markup.
        super().__init__(width=width, highlight=False, markup=False, emoji=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield what is printed; rich's own control codes are no text, and pass."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)
