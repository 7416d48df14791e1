"""A float ONNX file and an .npz file of its real inputs, in place of a module."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from edgeattn.results.card import Card
from edgeattn.source.module import naming_file
from edgeattn_export.capture import Captured, adopt
from edgeattn_export.capture.qat.qdq_file import with_grids
from edgeattn_export.capture.samples.read_samples import read_npz
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.files import file_mb
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_runtime.bundle.generation_options import NO_OPTIONS


@dataclass(frozen=True, slots=True)
class OnnxSource:
    """The two files. There is no metric, no processing, streaming, generation or budget of their own.

    Attributes:
        model: The model.
        npz: Its samples.
        qdq: A QDQ ONNX file that was made of it, whose grids its weights are to have; None where there is
            none.
    """

    model: Path
    npz: Path
    qdq: Path | None = None

    original = "ONNX file"
    budget: ClassVar[Mapping[str, float]] = {}
    metric = None
    processing = None
    streaming = None
    generation = NO_OPTIONS
    card = Card()
    unknown_tokens = None
    weights_sha256 = None  # they are part of the model file

    @property
    def name(self) -> str:
        """The model file's, without its suffix."""
        return self.model.stem

    @property
    def sha256(self) -> str | None:
        """Of the model file; None where there is none."""
        return hashlib.sha256(self.model.read_bytes()).hexdigest() if self.model.is_file() else None

    def read(self) -> Samples:
        """Read the .npz file."""
        with naming_file(self.npz):
            return read_npz(self.npz)

    def read_on(self, _: Samples) -> Iterator[Sample]:
        """Yield nothing: the file's samples are read at once."""
        yield from ()

    def capture(self, samples: Samples, engine: Engine, proving: Samples | None = None) -> Captured:
        """Bring the file to the opset of the standard Attention."""
        with naming_file(self.npz):
            captured = adopt(self.model, samples, engine, proving)
        return captured if self.qdq is None else with_grids(captured, self.qdq)

    def with_trained_grids(self, qdq: Path) -> OnnxSource:
        """Return the model with a QDQ file that was made of it."""
        return replace(self, qdq=qdq)

    def megabytes(self, captured: Captured) -> float:
        """Return the size of the graph with its weights."""
        return file_mb(captured.model)
