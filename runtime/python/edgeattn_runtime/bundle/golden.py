"""Golden vectors: real inputs and PyTorch's outputs for them, replayed wherever the bundle runs.

A safetensors file with the keys ``"{i}.input.{name}"`` and ``"{i}.output.{name}"``; i counts samples from 0.
Of a large output it holds an excerpt: the numbers at ``"{i}.places.{name}"`` of the flattened output, whose
dims are ``"{i}.dims.{name}"``. ``"spread.{name}"`` is by how much each channel of an output varies, the unit
of its error; one number may hold for all channels along an axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.bundle.deviation import max_abs, standardized_error
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.variant import Variant
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.graph import Tensor

Tensors = Mapping[str, NDArray[Any]]

NO_GOLDEN = "packed without golden vectors; take the bundle that it was packed from"
PLACES, DIMS = "places", "dims"  # int32, one axis each
SPREAD = "spread"  # float32


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
        outputs: What came out; where there is an excerpt, only its numbers, in one axis.
        excerpts: By output.
    """

    inputs: Tensors
    outputs: Tensors
    excerpts: Mapping[str, Excerpt] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GoldenVectors:
    """What a file of golden vectors holds.

    Attributes:
        samples: In order.
        spreads: By output how much its numbers vary: float32, finite and above 0, an axis for each of its
            fixed trailing dims, as long as that dim or of length 1. Broadcast to the output it has the unit
            of each number.
    """

    samples: tuple[Sample, ...]
    spreads: Tensors


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """How near one output of one sample, counted from 0, came.

    Attributes:
        error: Root mean square of its numbers' errors, each in units of its channel's spread; None where no
            number says it: another shape, a NaN or an infinity on one side.
        max_abs: The largest absolute difference; None where no number says it.
        ok: Whether the error keeps to the tolerance.
    """

    sample: int
    output: str
    error: float | None
    max_abs: float | None
    ok: bool


def worst_error(results: Iterable[GoldenResult]) -> float | None:
    """Return the largest error; None where an output has no number."""
    errors = [math.inf if result.error is None else result.error for result in results]
    largest = max(errors, default=0.0)
    return largest if math.isfinite(largest) else None


def write_golden(path: Path, golden: GoldenVectors) -> None:
    """Write golden vectors, of any of the manifest's dtypes and any memory order, over what is there."""
    # In C order, since safetensors writes a buffer as it lies in memory.
    tensors = {f"{SPREAD}.{name}": np.asarray(spread, order="C") for name, spread in golden.spreads.items()}
    tensors |= {
        f"{i}.{kind}.{name}": np.asarray(array, order="C")
        for i, sample in enumerate(golden.samples)
        for kind, arrays in (
            ("input", sample.inputs),
            ("output", sample.outputs),
            (PLACES, {name: each.places.astype(np.int32) for name, each in sample.excerpts.items()}),
            (DIMS, {name: np.array(each.dims, np.int32) for name, each in sample.excerpts.items()}),
        )
        for name, array in arrays.items()
    }
    path.write_bytes(save(tensors))  # not save_file: it makes a file that only its owner may read


def read_golden(files: BundleFiles) -> GoldenVectors:
    """Read a bundle's golden vectors, which belong to its main graph; none where it was packed without.

    Raises:
        BundleError: The file is no safetensors file, or holds other tensors than the manifest calls for, or
            of a dtype that numpy lacks.
    """
    manifest, golden = files.manifest, files.manifest.golden
    if golden is None:
        return GoldenVectors((), {})
    graph, path = manifest.graphs[manifest.main_graph], files.path(golden.file)
    with refusing(BundleError, str(path), "no safetensors file of numpy's dtypes", "export the model again"):
        tensors = load(files.read(golden.file))
    spreads = {tensor.name: _spread(tensors, tensor, path) for tensor in graph.outputs}
    samples = []
    for i in range(golden.samples):
        inputs = {tensor.name: _take(tensors, f"{i}.input.{tensor.name}", path) for tensor in graph.inputs}
        outputs = {tensor.name: _take(tensors, f"{i}.output.{tensor.name}", path) for tensor in graph.outputs}
        excerpts = {
            tensor.name: _excerpt(tensors, i, tensor.name, outputs[tensor.name], path)
            for tensor in graph.outputs
            if f"{i}.{PLACES}.{tensor.name}" in tensors
        }
        for tensor in graph.outputs:
            dims = excerpts[tensor.name].dims if tensor.name in excerpts else outputs[tensor.name].shape
            if dims[len(dims) - len(tensor.channel_dims) :] != tensor.channel_dims:
                raise BundleError(
                    f"{path}: dims {dims} of {i}.output.{tensor.name}, the last {tensor.channel_dims} "
                    "expected; export the model again"
                )
        samples.append(Sample(inputs, outputs, excerpts))
    if tensors:
        raise BundleError(
            f"{path}: tensor {min(tensors)!r} found, which no sample has; export the model again"
        )
    return GoldenVectors(tuple(samples), spreads)


def replay(
    call: Callable[..., Tensors], golden: GoldenVectors, *, tolerance: Mapping[str, float]
) -> tuple[GoldenResult, ...]:
    """Answer the samples' inputs with ``call``; ``tolerance`` is by output, in units of its spread."""
    return _replayed(call, golden, lambda _: tolerance)


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

    Raises:
        BundleError: The golden vectors are not what the manifest says.
    """
    return _replayed(model, read_golden(model.files), lambda inputs: model.answering(inputs).tolerance)


def _replayed(
    call: Callable[..., Tensors], golden: GoldenVectors, tolerance: Callable[[Tensors], Mapping[str, float]]
) -> tuple[GoldenResult, ...]:
    results = []
    for i, sample in enumerate(golden.samples):
        answers, allowed = call(**sample.inputs), tolerance(sample.inputs)
        for name, expected in sample.outputs.items():
            excerpt = sample.excerpts.get(name) or _whole(expected)
            error, difference = _compare(answers[name], expected, excerpt, golden.spreads[name])
            ok = error is not None and error <= allowed[name]
            results.append(GoldenResult(i, name, error, difference, ok))
    return tuple(results)


def _compare(
    answer: NDArray[Any], expected: NDArray[Any], excerpt: Excerpt, spread: NDArray[Any]
) -> tuple[float | None, float | None]:
    """Return the error and the largest difference; None for one that no number says."""
    if answer.shape != excerpt.dims:
        return None, None
    held, numbers = excerpt.of(answer), expected.reshape(-1)
    error = standardized_error(held, numbers, excerpt.of(np.broadcast_to(spread, excerpt.dims)))
    difference = max_abs(held, numbers)
    return error, difference if math.isfinite(difference) else None


def _whole(output: NDArray[Any]) -> Excerpt:
    return Excerpt(output.shape, np.arange(output.size))


def _spread(tensors: dict[str, NDArray[Any]], output: Tensor, path: Path) -> NDArray[Any]:
    spread = _take(tensors, f"{SPREAD}.{output.name}", path)
    dims = output.channel_dims
    fits = spread.ndim == len(dims) and all(
        length in (1, dim) for length, dim in zip(spread.shape, dims, strict=True)
    )
    if spread.dtype != np.float32 or not fits or not (np.isfinite(spread) & (spread > 0)).all():
        raise BundleError(
            f"{path}: {SPREAD}.{output.name} is no float32 of finite numbers above 0, of dims {dims} or 1 in "
            "their place; export the model again"
        )
    return spread


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
