"""How far a search has come, told to whoever listens."""

from __future__ import annotations

from typing import Protocol


class Step(Protocol):
    """Told of each step."""

    def __call__(self, done: int, total: int, doing: str) -> None:
        """Hear that ``done`` of ``total`` steps are behind, and what is being done, in words."""


def unheard(done: int, total: int, doing: str) -> None:
    """Tell nobody."""
