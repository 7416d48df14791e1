"""Where a graph's weights may lie: in its folder, which onnxruntime checks by itself from 1.24 on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import BinaryIO, Final

from edgeattn_runtime.engine.onnx_wire import DEEPEST, WireReader
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
    walk = _Walk(graph, label)
    for location in walk.locations("model", walk.end, 0):
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


class _Walk(WireReader):
    """Reads the messages that lead to tensors, and passes over all else."""

    def locations(self, message: str, end: int, depth: int) -> Iterator[str]:
        """Yield each location of weights in a message that ends at a place of the file."""
        if depth > DEEPEST:
            raise self.broken()
        for number, size in self.fields(end):
            inner = _FIELDS[message].get(number)
            if inner is None:
                self.skip(size)
            elif inner == "entry":
                yield from self._location(self.place + size)
            else:
                yield from self.locations(inner, self.place + size, depth + 1)

    def _location(self, end: int) -> Iterator[str]:
        texts = {_KEY: "", _VALUE: ""}
        for number, size in self.fields(end):
            if number in texts:
                texts[number] = self.text(size)
            else:
                self.skip(size)
        if texts[_KEY] == "location":
            yield texts[_VALUE]
