"""Files as a device is sent them: by the sha256 of their content, cut where large, together where small."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from edgeattn_export.graph.samples import Inputs

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


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file on its way.

    Attributes:
        sha256: Of the whole file, in hex.
        start: Where it begins.
        size: Of the whole file, in bytes.
        content: Its bytes.
    """

    sha256: str
    start: int
    size: int
    content: bytes

    def announced(self) -> dict[str, object]:
        """Return what a request says of it."""
        return {"sha256": self.sha256, "start": self.start, "size": self.size}

    def array(self) -> NDArray[np.uint8]:
        """Return its bytes as they lie beside the request."""
        return np.frombuffer(self.content, np.uint8)


def in_requests(contents: Contents) -> Iterator[list[Piece]]:
    """Yield the pieces of files, request by request.

    Args:
        contents: Of the files, by their sha256.
    """
    gathered: list[Piece] = []
    held = 0
    for piece in _pieces(contents):
        if gathered and held + len(piece.content) > SIZE:
            yield gathered
            gathered, held = [], 0
        gathered.append(piece)
        held += len(piece.content)
    if gathered:
        yield gathered


def _pieces(contents: Contents) -> Iterator[Piece]:
    for digest, content in contents.items():
        for start in range(0, max(len(content), 1), SIZE):
            yield Piece(digest, start, len(content), content[start : start + SIZE])
