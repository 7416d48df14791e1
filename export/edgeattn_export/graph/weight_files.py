"""Large weights in files of their own, each as long as its tensor lives, for every session that maps them.

A session that finds its weights in the graph's own bytes copies them, and a search opens hundreds of sessions
whose weights are mostly the same. So a weight is written once, and serialized with no graph.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import onnx_ir as ir

SMALLEST = 64 * 1024  # bytes, below which a file costs more than a copy


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
            self._folder = Path(tempfile.mkdtemp(prefix="edgeattn-"))
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
            if (stored := value.const_value) is not None and stored.nbytes >= SMALLEST
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


SESSION_WEIGHTS = WeightFiles()
