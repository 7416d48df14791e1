"""Whether a PNG file holds all of its rows: Pillow shows those that are missing as black."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_SIGNATURE: Final = 8  # bytes before the first chunk
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by color type
_WHOLE: Final = ((0, 0, 1, 1),)
_ADAM7: Final = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)  # of each pass the first column and row, and the steps to the next ones
_PIECE: Final = 2**16  # bytes decompressed at once


def holds_all_rows(path: Path) -> bool:
    """Say whether the data of a PNG file, which Pillow has read, are as many as its size asks for."""
    header, data, size = b"", zlib.decompressobj(), 0
    for kind, content in _chunks(path):
        if kind == b"IHDR":
            header = content
        elif kind == b"IDAT":
            while content:
                size += len(data.decompress(content, _PIECE))
                content = data.unconsumed_tail
    return size >= _expected(header)


def _chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    with path.open("rb") as file:
        file.seek(_SIGNATURE)
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            yield kind, file.read(length)
            file.seek(4, 1)  # the checksum, which Pillow compares


def _expected(header: bytes) -> int:
    """Return how many bytes the rows are, each with the byte that names its filter."""
    width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    total = 0
    for left, top, across, down in _ADAM7 if interlaced else _WHOLE:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * _CHANNELS[color] * depth // 8))
    return total
