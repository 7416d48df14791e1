"""Files as a device is sent them: by the sha256 of their content, cut where large, together where small."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from safetensors.numpy import save

from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.device.request import Piece

SIZE = 1_000_000  # bytes of files that one request carries: a slow line is silent meanwhile

Contents = Mapping[str, bytes]  # of files, by their sha256


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


def in_requests(contents: Contents) -> Iterator[list[tuple[Piece, bytes]]]:
    """Yield the pieces of files with their bytes, request by request; contents are by their sha256."""
    gathered: list[tuple[Piece, bytes]] = []
    held = 0
    for digest, content in contents.items():
        for start in range(0, max(len(content), 1), SIZE):
            part = content[start : start + SIZE]
            if gathered and held + len(part) > SIZE:
                yield gathered
                gathered, held = [], 0
            gathered.append((Piece(sha256=digest, start=start, size=len(content)), part))
            held += len(part)
    if gathered:
        yield gathered
