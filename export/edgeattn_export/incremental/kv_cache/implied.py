"""Inputs that a decoder's tokens imply: positions counted from 0, and masks that hide none of them.

Before: logits = f(tokens, mask, positions)
After:  logits = f(tokens, ones like tokens, 0 ... length - 1)         computed in the graph, by the length

A bundle that generates feeds only tokens. Padding may stand last in a sample: a causal model's tokens do not
see it, with or without a mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.agreement import Units
from edgeattn_export.graph.padding import find_padding
from edgeattn_export.graph.samples import Samples
from edgeattn_export.recover import Recovered
from edgeattn_runtime.bundle.manifest import INTEGERS, Tensor

PADDING_TOLERANCE = 1e-5  # of what a logit varies by
PADDED_SAMPLES = 4  # on which a mask is seen to hide nothing from the tokens before it
COUNTED = "positions"  # what an implied input holds, if not one number throughout

T = TypeVar("T")
Implied = int | str  # the number that fills an input, or COUNTED


def without_implied(
    captured: Captured, recovered: Recovered, samples: Samples
) -> tuple[Captured, Recovered, Samples]:
    """Return a decoder as one of only its tokens, where they imply all else of their length.

    It is the same where there is nothing to leave out, or something that the tokens do not imply.
    """
    tokens = _tokens(captured, samples)
    implied = _implied(captured, samples, tokens) if tokens is not None else {}
    if tokens is None or not implied:
        return captured, recovered, samples

    def left(named: Mapping[str, T]) -> dict[str, T]:
        return {name: value for name, value in named.items() if name not in implied}

    inputs = tuple(tensor for tensor in captured.graph.inputs if tensor.name not in implied)
    alone = replace(
        captured,
        model=_computed(captured.model, tokens, implied),
        graph=replace(captured.graph, inputs=inputs),
        axes=replace(captured.axes, dims=left(captured.axes.dims)),
    )
    items = tuple(replace(sample, inputs=left(sample.inputs)) for sample in samples)
    without = replace(recovered, model=_computed(recovered.model, tokens, implied))
    return alone, without, replace(samples, items=items)


def _tokens(captured: Captured, samples: Samples) -> Tensor | None:
    """Return the one input of integers (batch, sequence) that is neither a mask nor counts."""
    dims = captured.graph.outputs[0].dims[:2]
    if len(dims) < 2 or not isinstance(dims[1], str):
        return None
    candidates = [
        tensor
        for tensor in captured.graph.inputs
        if tensor.dtype in INTEGERS and tensor.dims == dims and _meaning(captured, samples, tensor) is None
    ]
    return candidates[0] if len(candidates) == 1 else None


def _meaning(captured: Captured, samples: Samples, tensor: Tensor) -> Implied | None:
    """Say what fills an input in every sample, but for padding: a number, or positions; else None."""
    values = [sample.inputs[tensor.name] for sample in samples]
    if all(
        np.array_equal(value, np.broadcast_to(np.arange(value.shape[-1]), value.shape)) for value in values
    ):
        return COUNTED
    for number in (1, 0):
        if all(bool((value == number).all()) for value in values):
            return number
    inputs = [sample.inputs for sample in samples]
    padding = find_padding(captured.engine.runner(captured.model), captured.graph, inputs)
    return 1 - padding.masked_out if padding is not None and padding.mask == tensor.name else None


def _implied(captured: Captured, samples: Samples, tokens: Tensor) -> dict[str, Implied]:
    implied: dict[str, Implied] = {}
    for tensor in captured.graph.inputs:
        if tensor == tokens or tokens.dims[1] not in tensor.dims:
            continue
        meaning = None
        if tensor.dtype in (*INTEGERS, "bool") and tensor.dims in (tokens.dims, tokens.dims[1:]):
            meaning = _meaning(captured, samples, tensor)
        if meaning is None:
            return {}
        implied[tensor.name] = meaning
    return implied if _masks_no_token(captured, samples, implied) else {}


def _masks_no_token(captured: Captured, samples: Samples, implied: Mapping[str, Implied]) -> bool:
    """Say whether what samples show is answered alike when nothing is masked out."""
    filled = {name: fill for name, fill in implied.items() if isinstance(fill, int)}
    padded = [
        sample.inputs
        for sample in samples
        if any((sample.inputs[name] != fill).any() for name, fill in filled.items())
    ]
    if not padded:
        return True
    answer, logits = captured.engine.runner(captured.model), captured.graph.outputs[0].name
    for inputs in padded[:PADDED_SAMPLES]:
        visible = np.logical_and.reduce([inputs[name] == fill for name, fill in filled.items()])
        full = {name: np.full_like(inputs[name], fill) for name, fill in filled.items()}
        expected, actual = (answer(fed)[logits][visible] for fed in (inputs, {**inputs, **full}))
        units = Units.of({logits: expected.shape[-1:]}, [{logits: expected}])
        if units.disagreement({logits: expected}, {logits: actual}, PADDING_TOLERANCE):
            return False
    return True


def _computed(model: ir.Model, tokens: Tensor, implied: Mapping[str, Implied]) -> ir.Model:
    """Return a copy of a graph that computes the implied inputs of its tokens."""
    model = model.clone()
    graph, tape = model.graph, Tape()
    ids = next(value for value in graph.inputs if value.name == tokens.name)
    for value in [value for value in graph.inputs if value.name in implied]:
        filled = _filled(tape, ids, value, implied[value.name or ""])
        graph.inputs.remove(value)
        value.replace_all_uses_with(filled, replace_graph_outputs=True)
        filled.name, filled.type, filled.shape = value.name, value.type, value.shape
    graph.insert_before(next(iter(graph)), tape.nodes)
    return model


def _filled(tape: Tape, ids: ir.Value, value: ir.Value, fill: Implied) -> ir.Value:
    rank = len(value.shape or ())
    dims = tape.op("Shape", [ids], {"start": 2 - rank})  # (batch, sequence), or (sequence)
    dtype = value.dtype or ir.DataType.INT64
    if isinstance(fill, int):
        number = tape.op("Constant", [], {"value": ir.tensor(np.array(fill, dtype.numpy()))})
        return tape.op("Expand", [number, dims])
    length = tape.op("Squeeze", [tape.op("Shape", [ids], {"start": 1})])
    first, step = (tape.op("Constant", [], {"value_int": number}) for number in (0, 1))
    counted = tape.op("Cast", [tape.op("Range", [first, length, step])], {"to": dtype})  # (sequence)
    return tape.op("Expand", [counted, dims])
