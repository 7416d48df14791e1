"""Streaming: its entry in the manifest, checked against the graphs that it names.

Every check raises BundleError, which names the key, what was found there and what was expected.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field, Positive, Record, repeated, some
from edgeattn_runtime.graph import Graph, Symbol, Tensor, check_takes
from edgeattn_runtime.limits import STEP
from edgeattn_runtime.processing import Audio, Processing, Series

STATE_DTYPES = ("float32", "int64", "bool")


@dataclass(frozen=True, slots=True)
class StateEntry(Record):
    """One state by the names of the step's input and output for it, of the same dtype and sizes."""

    past: str
    present: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Streaming(Record):
    """How a bundle answers a sequence piece by piece: names of a graph and of its inputs and outputs.

    Attributes:
        step: The graph that answers a piece, and keeps its state in what it takes and gives.
        input: The input, float32, of this graph and of the main one.
        axis: Its time, at least 1.
        hop: The size of that axis in a piece.
        outputs: Those of the main graph that a step gives for its piece.
        states: Zeros at first; what a step gives is what the next takes.
    """

    step: str
    input: str
    axis: Positive
    hop: Positive
    outputs: Annotated[tuple[str, ...], Field.names]
    states: Annotated[tuple[StateEntry, ...], some(StateEntry.from_field)]


def check_streaming(
    streaming: Streaming,
    graphs: Mapping[str, Graph],
    symbols: Mapping[str, Symbol],
    main: str,
    processing: Processing | None,
) -> None:
    """Check that the graphs have what ``streaming`` names, in dtypes and dims that fit each other.

    Every dim of the graphs must be known to be in ``symbols``.
    """
    if streaming.step not in graphs or streaming.step == main:
        raise BundleError(
            f"streaming.step: {streaming.step!r} found, a graph beside {main!r} expected; "
            f"there are {', '.join(graphs)}"
        )
    step, whole = graphs[streaming.step], graphs[main]
    check_takes("streaming.step", step, [streaming.input, *(entry.past for entry in streaming.states)])
    piece = _tensor("input", streaming.input, step.inputs)
    _check_input(streaming, piece, _tensor("input", streaming.input, whole.inputs), symbols)
    if sounds_of(streaming, processing) is not None and streaming.axis != len(piece.dims) - 1:
        raise BundleError(f"streaming.axis: {streaming.axis} found, the last of {piece} expected for sounds")
    batch = piece.dims[0]
    _check_states(streaming, step, batch)
    for name in streaming.outputs:
        _check_output(_tensor("outputs", name, step.outputs), _tensor("outputs", name, whole.outputs), batch)
    _check_bytes(streaming, step)


def sounds_of(streaming: Streaming, processing: Processing | None) -> Audio | None:
    """Return how a stream's sounds become its input; None where it takes none."""
    audio = None if processing is None else processing.audio
    return audio if audio and audio.input == streaming.input and audio.log_mel is None else None


def series_of(streaming: Streaming, processing: Processing | None) -> Series | None:
    """Return how a stream's series become its input; None where it takes none."""
    series = None if processing is None else processing.series
    return series if series and series.input == streaming.input else None


def outputs_of(streaming: Streaming, step: Graph) -> tuple[Tensor, ...]:
    """Return the outputs of a step that answer its piece."""
    return tuple(tensor for tensor in step.outputs if tensor.name in streaming.outputs)


def hop_shape(tensor: Tensor) -> tuple[int, ...]:
    """Return the shape of a tensor of the step: its only symbol is the batch, of 1."""
    return tuple(dim if isinstance(dim, int) else 1 for dim in tensor.dims)


def _check_input(streaming: Streaming, piece: Tensor, whole: Tensor, symbols: Mapping[str, Symbol]) -> None:
    axis = streaming.axis
    if piece.dtype != "float32" or not _is_batch(piece, symbols) or not _are_sizes(piece.dims[1:]):
        raise BundleError(f"streaming.input: {piece} found, float32 of sizes behind a batch of 1 expected")
    if axis >= len(piece.dims) or piece.dims[axis] != streaming.hop:
        raise BundleError(f"streaming.hop: {streaming.hop} found on axis {axis}, that of {piece} expected")
    time = whole.dims[axis] if axis < len(whole.dims) else None
    if whole.dtype != "float32" or not isinstance(time, str) or time == whole.dims[0]:
        raise BundleError(f"streaming.axis: {axis} found, a symbol's axis of {whole} expected: its time")
    others, expected = ((*dims[1:axis], *dims[axis + 1 :]) for dims in (whole.dims, piece.dims))
    if not _is_batch(whole, symbols) or others != expected:
        raise BundleError(f"streaming.input: {piece} and {whole} found, dims that differ in time expected")


def _check_states(streaming: Streaming, step: Graph, batch: int | str) -> None:
    for i, entry in enumerate(streaming.states):
        past = _tensor(f"states[{i}].past", entry.past, step.inputs)
        if past.dtype not in STATE_DTYPES or not _are_sizes(past.dims, batch):
            raise BundleError(
                f"streaming.states[{i}].past: {past} found, {', '.join(STATE_DTYPES)} of sizes expected"
            )
        present = _tensor(f"states[{i}].present", entry.present, step.outputs)
        if (present.dtype, present.dims) != (past.dtype, past.dims):
            raise BundleError(f"streaming.states[{i}]: {past} and {present} found, the same expected of both")
    presents = [entry.present for entry in streaming.states]
    if (name := repeated([*presents, *streaming.outputs])) is not None:
        raise BundleError(f"streaming.states: {name!r} stands twice among presents and outputs")


def _check_output(piece: Tensor, whole: Tensor, batch: int | str) -> None:
    if piece.dtype != whole.dtype or len(piece.dims) != len(whole.dims) or not _are_sizes(piece.dims, batch):
        raise BundleError(f"streaming.outputs: {piece} found for {whole}, the same dtype and sizes expected")


def _check_bytes(streaming: Streaming, step: Graph) -> None:
    """Check what a reader keeps for a stream: a piece, its answer, and the states once."""
    kept = (*step.inputs, *outputs_of(streaming, step))
    total = sum(np.dtype(tensor.dtype).itemsize * math.prod(hop_shape(tensor)) for tensor in kept)
    if total > STEP:
        raise BundleError(f"streaming: {total:,} bytes a step found, at most {STEP:,} expected")


def _is_batch(tensor: Tensor, symbols: Mapping[str, Symbol]) -> bool:
    """Say whether the first dim of a tensor may be 1."""
    batch = tensor.dims[0] if tensor.dims else None
    return symbols[batch].allows(1) if isinstance(batch, str) else batch == 1


def _are_sizes(dims: Iterable[int | str], batch: int | str | None = None) -> bool:
    return all(isinstance(dim, int) or dim == batch for dim in dims)


def _tensor(key: str, name: str, tensors: tuple[Tensor, ...]) -> Tensor:
    for tensor in tensors:
        if tensor.name == name:
            return tensor
    raise BundleError(f"streaming.{key}: no {name!r} found among {', '.join(map(str, tensors))}")
