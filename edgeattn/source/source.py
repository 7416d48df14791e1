"""What an export starts from, whatever it is: it yields samples, is captured, and answers as the original."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from edgeattn.results.card import Card
from edgeattn.source.own_processing import OwnProcessing
from edgeattn_export.capture import Captured
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.incremental import StreamRequest
from edgeattn_runtime.bundle.generation_options import GenerationOptions
from edgeattn_runtime.errors import SampleError

Metric = Callable[[Any, Any], float]  # of the module's outputs and a sample's target; higher is better


@contextmanager
def naming_file(file: Path | None) -> Iterator[None]:
    """Name the file that samples come from in what is wrong with them.

    Args:
        file: Yields or holds them; None where they were handed over in Python.

    Raises:
        SampleError: One that was raised inside, with the file before it.
    """
    try:
        yield
    except SampleError as error:
        if file is None:
            raise
        raise SampleError(f"{file}: {error}") from error


class Source(Protocol):
    """A trained model as its user hands it over."""

    @property
    def name(self) -> str:
        """The bundle's, where the caller gives none."""

    @property
    def original(self) -> str:
        """What it is, for reports: PyTorch, or an ONNX file."""

    @property
    def budget(self) -> Mapping[str, float]:
        """Limits by name; empty where it has none."""

    @property
    def metric(self) -> Metric | None:
        """Its own metric; None where it has none."""

    @property
    def processing(self) -> OwnProcessing | None:
        """What an app does before and after a call; None where nothing is said of it."""

    @property
    def streaming(self) -> StreamRequest | None:
        """Which input arrives piece by piece; None where none does."""

    @property
    def generation(self) -> GenerationOptions:
        """What its bundle generates with where a caller says nothing."""

    @property
    def card(self) -> Card:
        """What its author says of it for a hub."""

    @property
    def unknown_tokens(self) -> float | None:
        """The share of its samples' tokens that its tokenizer does not know; None where it has none."""

    @property
    def sha256(self) -> str | None:
        """Of the file that defines it; None where there is none."""

    @property
    def weights_sha256(self) -> str | None:
        """Of its weights; None where they are part of that file."""

    def read(self) -> Samples:
        """Read its samples.

        Raises:
            BadInput: They are not what the model takes.
        """

    def read_on(self, samples: Samples) -> Iterator[Sample]:
        """Yield the samples that follow those of ``read``, which reads no more than fit into memory.

        Raises:
            BadInput: They are not like the others.
        """

    def capture(self, samples: Samples, engine: Engine, proving: Samples | None = None) -> Captured:
        """Capture it as a float graph, proven on real samples.

        Args:
            samples: All that were read.
            engine: Runs the graph, to prove it.
            proving: Those that prove it; their calibration part where it is left out.

        Raises:
            BadInput: It cannot be captured.
        """

    def megabytes(self, captured: Captured) -> float:
        """Return the size of its weights, 1 MB = 10^6 bytes."""
