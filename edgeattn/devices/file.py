"""Files as a device is sent them: by the sha256 of their content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from safetensors.numpy import save

from edgeattn_export.graph.samples import Inputs


@dataclass(frozen=True, slots=True)
class File:
    """A content, and what it is called there.

    Attributes:
        sha256: In hex.
        content: All of it.
    """

    sha256: str
    content: bytes

    @classmethod
    def of(cls, content: bytes) -> File:
        """Name a content."""
        return cls(hashlib.sha256(content).hexdigest(), content)


class InputFiles:
    """Inputs as files; the latest is kept, as a race binds it to one graph after the other."""

    def __init__(self) -> None:
        self._latest: tuple[Inputs, File] | None = None

    def of(self, inputs: Inputs) -> File:
        """Return the safetensors file of inputs, which nobody changes."""
        if self._latest is None or self._latest[0] is not inputs:
            content = save({name: np.asarray(array, order="C") for name, array in inputs.items()})
            self._latest = inputs, File.of(content)
        return self._latest[1]
