"""Large weights in files of their own: for every session that maps them, and laid out as a device maps them.

A session that finds its weights in the graph's own bytes copies them, and a search opens hundreds of sessions
whose weights are mostly the same. So a weight is written once, and serialized with no graph.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import onnx_ir as ir

from edgeattn_export.graph.temporary import process_folder

PAGE_BYTES = 4096  # bytes that are mapped at once: what is smaller stays in the graph
SMALLEST_FILE = 64 * 1024  # bytes, below which a file costs more than a copy


class WeightFiles:
    """A folder of weights that is deleted with the process."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._names: dict[int, str] = {}  # by the tensor's identity
        self._numbers: Iterator[int] = itertools.count()

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(dir=process_folder()))
            # A system that keeps files which are mapped gets rid of them another day.
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    def set_apart(self, model: ir.Model) -> bool:
        """Point a model's large weights to their files, in place; say whether there are any.

        Raises:
            OSError: The disk is full.
        """
        large = [
            (value, stored)
            for value in model.graph.initializers.values()
            if (stored := value.const_value) is not None and stored.nbytes >= SMALLEST_FILE
        ]
        for value, stored in large:
            shape = ir.Shape(stored.shape.numpy())
            value.const_value = ir.ExternalTensor(
                self._written(stored), 0, stored.nbytes, stored.dtype, shape=shape, name=value.name or ""
            )
        return bool(large)

    def _written(self, tensor: ir.TensorProtocol) -> str:
        existing = self._names.get(id(tensor))
        if existing is not None:
            return existing
        name = f"{next(self._numbers)}.data"
        (self.folder / name).write_bytes(tensor.tobytes())
        self._names[id(tensor)] = name
        weakref.finalize(tensor, self._forget, id(tensor), name).atexit = False
        return name

    def _forget(self, tensor: int, name: str) -> None:
        """Delete what no graph has any more; sessions that have mapped it keep it until they end."""
        del self._names[tensor]
        with suppress(PermissionError):  # mapped, where a system keeps such files: it goes with the folder
            (self.folder / name).unlink(missing_ok=True)


class WeightLayout:
    """Files of large weights, laid out for one graph after the other; what several graphs hold is there once.

    Args:
        file: The first one's name; ``FILE.1`` and so on follow it.
        most: Bytes of a file, unless a single weight has more; None for one file.
    """

    def __init__(self, file: str, most: int | None = None) -> None:
        self._file, self._most = file, most
        self._pieces: list[dict[int, ir.TensorProtocol]] = []  # by where each weight begins
        self._positions: dict[
            int, tuple[str, int]
        ] = {}  # by the tensor's identity, its file and where it begins
        self._end = 0  # of the last file

    def graph(self, model: ir.Model) -> ir.Model:
        """Return a copy of a model whose large weights are in the files: each from a new page on."""
        graph = model.clone()
        for value in graph.graph.initializers.values():
            stored = value.const_value
            if stored is None or stored.nbytes < PAGE_BYTES:
                continue
            file, start = self._position(stored)
            shape = ir.Shape(stored.shape.numpy())
            value.const_value = ir.ExternalTensor(
                file, start, stored.nbytes, stored.dtype, shape=shape, name=value.name or ""
            )
        return graph

    @property
    def weights(self) -> Iterator[ir.TensorProtocol]:
        """The weights, in their order."""
        return (stored for piece in self._pieces for stored in piece.values())

    @property
    def size(self) -> int:
        """Of all files, in bytes."""
        return sum(map(_size, self._pieces))

    def contents(self) -> dict[str, bytes]:
        """Return each file's content by its name; what lies between weights is zeros."""
        return {_name(self._file, i): _content(piece) for i, piece in enumerate(self._pieces)}

    def _position(self, stored: ir.TensorProtocol) -> tuple[str, int]:
        if id(stored) in self._positions:
            return self._positions[id(stored)]
        start = self._end + -self._end % PAGE_BYTES
        if not self._pieces or (self._most is not None and start + stored.nbytes > self._most):
            self._pieces.append({})
            start = 0
        self._pieces[-1][start], self._end = stored, start + stored.nbytes
        self._positions[id(stored)] = _name(self._file, len(self._pieces) - 1), start
        return self._positions[id(stored)]


def _name(file: str, index: int) -> str:
    return f"{file}.{index}" if index else file


def _size(piece: Mapping[int, ir.TensorProtocol]) -> int:
    return max(start + stored.nbytes for start, stored in piece.items())


def _content(piece: Mapping[int, ir.TensorProtocol]) -> bytes:
    content = bytearray(_size(piece))
    for start, stored in piece.items():
        content[start : start + stored.nbytes] = stored.tobytes()
    return bytes(content)


SESSION_WEIGHTS = WeightFiles()
