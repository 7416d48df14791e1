"""Golden vectors: real inputs and PyTorch's outputs for them, replayed wherever the bundle runs.

A safetensors file with the keys ``"{i}.input.{name}"`` and ``"{i}.output.{name}"``; i counts samples from 0.
Of a large output it holds an excerpt: the numbers at ``"{i}.places.{name}"`` of the flattened output, whose
dims are ``"{i}.dims.{name}"``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.bundle import BundleFiles
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.similarity import cosine, max_abs
from edgeattn_runtime.variant import Variant

Tensors = Mapping[str, NDArray[Any]]

NO_GOLDEN = "packed without golden vectors; take the bundle that it was packed from"
PLACES, DIMS = "places", "dims"  # int32, one axis each


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Which numbers of an output are held.

    Attributes:
        dims: Of the whole output.
        places: In the flattened output, ascending, int64.
    """

    dims: tuple[int, ...]
    places: NDArray[np.int64]

    def of(self, answer: NDArray[Any]) -> NDArray[Any]:
        """Return the same numbers of an answer of these dims."""
        return answer.reshape(-1)[self.places]


@dataclass(frozen=True, slots=True)
class Sample:
    """One call as PyTorch answered it: arrays by the names of the contract.

    Attributes:
        inputs: What was given.
        outputs: What came out; where there is an excerpt, its numbers alone, in one axis.
        excerpts: By output.
    """

    inputs: Tensors
    outputs: Tensors
    excerpts: Mapping[str, Excerpt] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """How near one output of one sample came.

    Attributes:
        sample: Counted from 0.
        output: Its name.
        cosine: To the original's.
        max_abs: The largest absolute difference; None where no number says it: another shape, NaN, infinity.
        ok: Whether the cosine reaches the tolerance.
    """

    sample: int
    output: str
    cosine: float
    max_abs: float | None
    ok: bool


def write_golden(path: Path, samples: Iterable[Sample]) -> None:
    """Write samples as a file of golden vectors, replacing the file if it exists.

    Args:
        path: Where to.
        samples: Arrays of any of the manifest's dtypes, in any memory order.
    """
    # In C order, since safetensors writes a buffer as it lies in memory.
    tensors = {
        f"{i}.{kind}.{name}": np.asarray(array, order="C")
        for i, sample in enumerate(samples)
        for kind, arrays in (
            ("input", sample.inputs),
            ("output", sample.outputs),
            (PLACES, {name: each.places.astype(np.int32) for name, each in sample.excerpts.items()}),
            (DIMS, {name: np.array(each.dims, np.int32) for name, each in sample.excerpts.items()}),
        )
        for name, array in arrays.items()
    }
    path.write_bytes(save(tensors))  # not save_file: it makes a file that its owner alone may read


def read_golden(files: BundleFiles) -> tuple[Sample, ...]:
    """Read a bundle's golden vectors, which belong to its main graph; none where it was packed without.

    Raises:
        BundleError: The file is no safetensors file, or holds other tensors than the manifest calls for, or
            of a dtype that numpy lacks.
    """
    manifest, golden = files.manifest, files.manifest.golden
    if golden is None:
        return ()
    graph, path = manifest.graphs[manifest.main_graph], files.path(golden.file)
    with refusing(BundleError, str(path), "no safetensors file of numpy's dtypes", "export the model again"):
        tensors = load(files.read(golden.file))
    samples = []
    for i in range(golden.samples):
        inputs = {tensor.name: _take(tensors, f"{i}.input.{tensor.name}", path) for tensor in graph.inputs}
        outputs = {tensor.name: _take(tensors, f"{i}.output.{tensor.name}", path) for tensor in graph.outputs}
        excerpts = {
            tensor.name: _excerpt(tensors, i, tensor.name, outputs[tensor.name], path)
            for tensor in graph.outputs
            if f"{i}.{PLACES}.{tensor.name}" in tensors
        }
        samples.append(Sample(inputs, outputs, excerpts))
    if tensors:
        raise BundleError(
            f"{path}: tensor {min(tensors)!r} found, which no sample has; export the model again"
        )
    return tuple(samples)


def replay(
    call: Callable[..., Tensors], samples: Iterable[Sample], *, tolerance: float
) -> tuple[GoldenResult, ...]:
    """Answer the samples' inputs with ``call`` and compare with the outputs they hold.

    Args:
        call: Takes inputs by name and returns outputs by name: a Model, or another runner.
        samples: The golden vectors.
        tolerance: The cosine that every output of every sample must reach.
    """
    return tuple(
        result for i, sample in enumerate(samples) for result in _replayed(i, call, sample, tolerance)
    )


class Replayed(Protocol):
    """A loaded bundle, as far as its golden vectors are replayed."""

    files: BundleFiles

    def __call__(self, /, **inputs: object) -> Tensors:
        """Answer the main graph's inputs."""

    def answering(self, arrays: Tensors) -> Variant:
        """Return the variant that answers them."""


def check(model: Replayed) -> tuple[GoldenResult, ...]:
    """Replay a bundle's golden vectors on this machine, each at the tolerance of the variant that answers it.

    A bundle without any has no results, which proves nothing of it.

    Args:
        model: The loaded bundle.

    Raises:
        BundleError: The golden vectors are not what the manifest says.
    """
    return tuple(
        result
        for i, sample in enumerate(read_golden(model.files))
        for result in _replayed(i, model, sample, model.answering(sample.inputs).tolerance["cosine"])
    )


def _replayed(
    index: int, call: Callable[..., Tensors], sample: Sample, tolerance: float
) -> Iterator[GoldenResult]:
    answers = call(**sample.inputs)
    for name, expected in sample.outputs.items():
        yield _compare(index, name, answers[name], expected, sample.excerpts.get(name), tolerance)


def _excerpt(
    tensors: dict[str, NDArray[Any]], sample: int, name: str, held: NDArray[Any], path: Path
) -> Excerpt:
    places, dims = (_take(tensors, f"{sample}.{kind}.{name}", path) for kind in (PLACES, DIMS))
    whole = all(each.dtype == np.int32 and each.ndim == 1 for each in (places, dims)) and bool(
        held.shape == places.shape
        and (dims >= 0).all()
        and (np.diff(places, prepend=-1) > 0).all()
        and (places < math.prod(dims.tolist())).all()
    )
    if not whole:
        raise BundleError(
            f"{path}: {PLACES} or {DIMS} of {sample}.output.{name} are not those of an excerpt; export the "
            "model again"
        )
    return Excerpt(tuple(dims.tolist()), places.astype(np.int64))


def _take(tensors: dict[str, NDArray[Any]], key: str, path: Path) -> NDArray[Any]:
    if key not in tensors:
        raise BundleError(f"{path}: tensor {key!r} missing; export the model again")
    return tensors.pop(key)


def _compare(
    sample: int,
    output: str,
    answer: NDArray[Any],
    expected: NDArray[Any],
    excerpt: Excerpt | None,
    tolerance: float,
) -> GoldenResult:
    if answer.shape != (expected.shape if excerpt is None else excerpt.dims):
        return GoldenResult(sample, output, cosine=0.0, max_abs=None, ok=False)
    answer = answer if excerpt is None else excerpt.of(answer)
    similarity, difference = cosine(answer, expected), max_abs(answer, expected)
    finite = difference if np.isfinite(difference) else None
    return GoldenResult(sample, output, similarity, finite, ok=similarity >= tolerance)
