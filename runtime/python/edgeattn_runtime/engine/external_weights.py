"""Where a graph's weights may lie: in its folder, which onnxruntime checks by itself from 1.24 on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from io import SEEK_CUR, SEEK_END, SEEK_SET
from typing import BinaryIO, Final

from edgeattn_runtime.errors import BundleError

CHECKED_BY_ENGINE: Final = "1.24"  # the first release that refuses weights outside a graph's folder

# By message of ONNX, the fields that lead to tensors, and what each holds (onnx.proto).
_FIELDS: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse tensor"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        22: "sparse tensor",
        23: "sparse tensor",
    },
    "sparse tensor": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
_KEY, _VALUE = 1, 2  # of an entry
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5  # how a field is written
_DEEPEST = 100  # messages in one another, as protobuf itself has it
_LONGEST = 4096  # bytes of a key or a location


def check_external_weights(graph: BinaryIO, label: str, in_memory: Collection[str] | None = None) -> None:
    """Refuse a graph that reads files outside its folder.

    Args:
        graph: Its file, of which no weight is read.
        label: What errors call it.
        in_memory: The names of files that are handed over with it, where it has no folder: it reads these
            alone.

    Raises:
        BundleError: It does, or is no message of ONNX.
    """
    end = graph.seek(0, SEEK_END)
    graph.seek(0, SEEK_SET)
    for location in _Walk(graph, label).locations("model", end, 0):
        if (in_memory is not None and location not in in_memory) or leaves_folder(location):
            raise BundleError(
                f"{label}: weights in '{location}' found, a file in its folder expected; export the model "
                "again"
            )


def leaves_folder(location: str) -> bool:
    """Say whether a path is absolute, on any system, or leads out of the folder that it begins in."""
    parts = re.split(r"[/\\]", location)
    if parts[0] == "" or ":" in parts[0]:
        return True
    depth = 0
    for part in parts:
        depth += -1 if part == ".." else part not in ("", ".")
        if depth < 0:
            return True
    return False


class _Walk:
    """Reads the messages that lead to tensors, and passes over all else."""

    def __init__(self, file: BinaryIO, label: str) -> None:
        self._file = file
        self._label = label

    def locations(self, message: str, end: int, depth: int) -> Iterator[str]:
        """Yield each location of weights in a message that ends at a place of the file."""
        if depth > _DEEPEST:
            raise self._broken()
        while self._file.tell() < end:
            number, size = self._field(end)
            inner = _FIELDS[message].get(number)
            if size is None:
                continue
            if inner is None:
                self._file.seek(size, SEEK_CUR)
            elif inner == "entry":
                yield from self._location(self._file.tell() + size)
            else:
                yield from self.locations(inner, self._file.tell() + size, depth + 1)

    def _location(self, end: int) -> Iterator[str]:
        texts = {_KEY: "", _VALUE: ""}
        while self._file.tell() < end:
            number, size = self._field(end)
            if size is None:
                continue
            if number not in texts:
                self._file.seek(size, SEEK_CUR)
            elif size > _LONGEST:
                raise self._broken()
            else:
                texts[number] = self._file.read(size).decode("utf-8", "replace")
        if texts[_KEY] == "location":
            yield texts[_VALUE]

    def _field(self, end: int) -> tuple[int, int | None]:
        """Return a field's number and, where it has a length, how many bytes of it follow."""
        tag = self._varint()
        number, kind = tag >> 3, tag & 7
        size = None
        if kind == _VARINT:
            self._varint()
        elif kind in (_FIXED32, _FIXED64):
            self._file.seek(4 if kind == _FIXED32 else 8, SEEK_CUR)
        elif kind == _LENGTH:
            size = self._varint()
        kinds = (_VARINT, _FIXED64, _LENGTH, _FIXED32)
        if tag >= 2**32 or kind not in kinds or self._file.tell() + (size or 0) > end:
            raise self._broken()
        return number, size

    def _varint(self) -> int:
        number = 0
        for shift in range(0, 70, 7):
            byte = self._file.read(1)
            if not byte:
                break
            number |= (byte[0] & 0x7F) << shift
            if byte[0] < 0x80 and number < 2**64:
                return number
        raise self._broken()

    def _broken(self) -> BundleError:
        return BundleError(f"{self._label}: no message of ONNX found; export the model again")
