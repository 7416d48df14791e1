"""A PyTorch module in eval mode, with all that its user hands over with it."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgeattn.results.card import Card
from edgeattn.source.own_processing import OwnProcessing
from edgeattn_export.capture import Captured, capture, read_samples
from edgeattn_export.capture.original.plain_module import has_half_precision, plain_module
from edgeattn_export.capture.original.torchscript import (
    ConvertedTorchScript,
    converted,
    is_torchscript,
    torchscript_name,
)
from edgeattn_export.capture.qat.prepared_module import as_trained, with_trained
from edgeattn_export.capture.qat.qdq_file import with_grids
from edgeattn_export.capture.samples.half_precision import FloatSamples
from edgeattn_export.capture.samples.read_samples import LIMIT, read_on
from edgeattn_export.capture.trained_grids import FLOAT_TRAINED, Trained
from edgeattn_export.graph.axes import Dynamic, infer_axes
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.incremental import StreamRequest
from edgeattn_runtime.bundle.generation_options import NO_OPTIONS, GenerationOptions
from edgeattn_runtime.errors import BadInput, SampleError

Metric = Callable[[Any, Any], float]  # of the module's outputs and a sample's target; higher is better
Pretty = Callable[[Any], str]  # of the module's outputs
Picture = Callable[[Any, Any], str]  # of a sample's inputs by name, and of the module's outputs: an SVG


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleSource:
    """A trained module and its samples.

    Attributes:
        name: The bundle's, where the caller gives none.
        module: In float32, not compiled.
        samples: Real inputs as they came, see ``read_samples``.
        more: Yields the raw samples that follow the first ``LIMIT``.
        dynamic: Axis names by input, where the user fixes them.
        budget: Limits by name; empty where there is none.
        metric: ``metric(outputs, target)``, higher is better.
        pretty: ``pretty(outputs)``, one line for a person.
        picture: ``picture(inputs, outputs)``, an SVG for a person.
        processing: What an app does before and after a call; None where nothing is said of it.
        streaming: Which input arrives piece by piece; None where none does.
        generation: The bundle's defaults of generation.
        card: What its author says of it for a hub.
        file: Defines the module and its samples; None where there is none.
        sha256: Of that file.
        trained: What training has quantized of the module; its weights lie on those grids.
        unknown_tokens: The share of the samples' tokens that its tokenizer does not know, from 0 to 1; None
            where it has none.
        qdq: A QDQ ONNX file that was made of it, whose grids its weights are to have; None where there is
            none.
    """

    name: str
    module: nn.Module
    samples: Iterable[object]
    more: Callable[[], Iterable[object]] = tuple
    dynamic: Dynamic | None = None
    budget: Mapping[str, float] = field(default_factory=dict)
    metric: Metric | None = None
    pretty: Pretty | None = None
    picture: Picture | None = None
    processing: OwnProcessing | None = None
    streaming: StreamRequest | None = None
    generation: GenerationOptions = NO_OPTIONS
    card: Card = field(default_factory=Card)
    file: Path | None = None
    sha256: str | None = None
    trained: Trained = FLOAT_TRAINED
    unknown_tokens: float | None = None
    qdq: Path | None = None

    original = "PyTorch"

    @classmethod
    def of(cls, module: object, samples: Iterable[object], name: str | None, **more: Any) -> ModuleSource:
        """Take a module as it was handed over: compiled, in eval mode, prepared for int8, or not.

        Of one in half precision a copy in float32 is taken, and so are its samples.

        Raises:
            ModelError: It is no ``nn.Module``, or in double precision.
        """
        if is_torchscript(module):
            if isinstance(module, nn.Module):
                in_eval_mode(module)
            first, samples = _with_first(samples)
            name, module = name or torchscript_name(module), converted(module, first)
        plain = plain_module(module)
        if has_half_precision(module):
            samples = FloatSamples(samples) if isinstance(samples, Iterable) else samples
            if "more" in more:
                more["more"] = partial(_float_samples, more["more"])
        name = name or type(plain).__name__.lower()
        plain, trained = as_trained(plain)
        return cls(name=name, module=plain, samples=samples, trained=trained, **more)

    @property
    def weights_sha256(self) -> str:
        """Of all tensors of its state, with their names."""
        digest = hashlib.sha256()
        for name, value in self.module.state_dict().items():
            if isinstance(value, torch.Tensor):
                digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
                digest.update(value.detach().cpu().flatten().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    def read(self) -> Samples:
        """Put the module into eval mode, and read the samples against its ``forward``.

        Raises:
            BadInput: They are not what the model takes.
        """
        in_eval_mode(self.module)
        with naming_file(self.file):
            samples = read_samples(self.module, self.samples)
        if isinstance(self.module, ConvertedTorchScript):
            self.module.check(samples)
        return samples

    def read_on(self, samples: Samples) -> Iterator[Sample]:
        """Yield the samples that follow those of ``read``, which reads no more than fit into memory.

        Raises:
            BadInput: They are not like the others.
        """
        with naming_file(self.file):
            yield from read_on(self.module, samples, self.more(), LIMIT)

    def capture(self, samples: Samples, engine: Engine, proving: Samples | None = None) -> Captured:
        """Export the module as a float graph, proven on real samples.

        Args:
            samples: All that were read.
            engine: Runs the graph, to prove it.
            proving: Those that prove it; their calibration part where it is left out.

        Raises:
            BadInput: It cannot be captured.
        """
        with naming_file(self.file):
            axes = infer_axes(samples, self.dynamic)
        captured = capture(self.module, proving or samples.split().calibration, axes, engine, samples)
        if self.qdq is not None:
            return with_grids(captured, self.qdq)
        if self.trained == FLOAT_TRAINED:
            return captured
        return with_trained(captured, self.trained, samples[0].inputs)

    def with_trained_grids(self, qdq: Path) -> ModuleSource:
        """Return the module with a QDQ file that was made of it.

        Raises:
            BadInput: It is prepared, and has grids of its own.
        """
        if self.trained:
            raise BadInput(f"{qdq}: found with {self.name}, which has trained grids of its own; leave it out")
        return replace(self, qdq=qdq)

    def megabytes(self, _: Captured) -> float:
        """Return the size of its parameters and buffers, 1 MB = 10^6 bytes; what layers share counts once."""
        tensors = chain(self.module.parameters(), self.module.buffers())
        return sum(tensor.nbytes for tensor in tensors) / 1e6


def _with_first(samples: Iterable[object]) -> tuple[object, Iterable[object]]:
    """Return the first of samples, and all of them; None where there is none."""
    iterator = iter(samples) if isinstance(samples, Iterable) else iter(())
    first = next(iterator, None)
    return first, chain((first,), iterator) if iterator is samples else samples


def _float_samples(more: Callable[[], Iterable[object]]) -> Iterable[object]:
    return FloatSamples(more())


def in_eval_mode(module: nn.Module) -> None:
    """Turn dropout off and freeze batch statistics, with a warning where a part was in training mode."""
    if any(part.training for part in module.modules()):
        try:
            module.eval()
        except NotImplementedError:
            warnings.warn(
                f"{type(module).__name__} is a program of torch.export, in the mode that it was exported in; "
                "export it in eval mode",
                stacklevel=3,
            )
            return
        warnings.warn(
            f"{type(module).__name__} was in training mode and is now in eval mode; call .eval() beforehand",
            stacklevel=3,
        )


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
