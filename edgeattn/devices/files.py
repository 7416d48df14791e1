"""Files as a device is sent them: by the sha256 of their content, cut where large, together where small."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.device.request import Piece

SIZE = 1_000_000  # bytes of files that one request carries: a slow line is silent meanwhile

Contents = Mapping[str, bytes]  # of files, by their sha256


def digest_of(content: bytes) -> str:
    """Return what a content is called there."""
    return hashlib.sha256(content).hexdigest()


def read_files(paths: Mapping[str, Path]) -> tuple[dict[str, str], Contents]:
    """Read files, and return their sha256 by their names, and their contents by their sha256."""
    contents = {name: path.read_bytes() for name, path in paths.items()}
    digests = {name: digest_of(content) for name, content in contents.items()}
    return digests, {digests[name]: content for name, content in contents.items()}


class InputFiles:
    """Inputs as files; the latest is kept, as a race binds it to one graph after the other."""

    def __init__(self) -> None:
        self._latest: tuple[Inputs, Contents] | None = None

    def of(self, inputs: Inputs) -> Contents:
        """Return the safetensors file of inputs, which nobody changes."""
        if self._latest is None or self._latest[0] is not inputs:
            content = save({name: np.asarray(array, order="C") for name, array in inputs.items()})
            self._latest = inputs, {digest_of(content): content}
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
