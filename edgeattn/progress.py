"""How far an export has come, for whoever follows it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What follows the pipeline while it works."""

    def stage(self, name: str) -> None:
        """Note that the stage ``name`` begins, such as "capture"."""

    def step(self, done: int, total: int, doing: str = "") -> None:
        """Note that ``done`` of the stage's ``total`` steps are done, and what is ``doing``, in words."""

    def note(self, text: str) -> None:
        """Note what the model author should know at once, in a line."""


class Silent:
    """A progress that shows nothing."""

    def stage(self, name: str) -> None:
        """Do nothing."""

    def step(self, done: int, total: int, doing: str = "") -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""
