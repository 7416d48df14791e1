"""How far an export has come, told to whoever listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What the pipeline says of itself while it works."""

    def stage(self, name: str) -> None:
        """Say that the stage ``name`` begins, such as "capture"."""

    def step(self, done: int, total: int, doing: str = "") -> None:
        """Say that ``done`` of the stage's ``total`` steps are behind it, and what is ``doing``, in words."""


class Silent:
    """A listener that tells nobody."""

    def stage(self, name: str) -> None:
        """Do nothing."""

    def step(self, done: int, total: int, doing: str = "") -> None:
        """Do nothing."""
