"""The families there are, and how one is built small: as its library's file here says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from hub import timm_models, transformers_models
from hub.inputs import Makers
from hub.outcome import Family
from torch import nn


class Library(Protocol):
    """What a library's file here offers."""

    def names(self) -> list[str]:
        """Return the names of its families."""

    def attempts(self, name: str) -> Iterator[Callable[[], nn.Module]]:
        """Yield ways to build a family's model, the smallest first."""

    def ways(self, module: nn.Module) -> Iterator[Makers]:
        """Yield ways to call a model, the likeliest first."""


LIBRARIES: dict[str, Library] = {"transformers": transformers_models, "timm": timm_models}


def families() -> list[Family]:
    """Return every family of every library."""
    return [Family(library, name) for library, models in LIBRARIES.items() for name in models.names()]
