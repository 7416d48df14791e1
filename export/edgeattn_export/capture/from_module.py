"""nn.Module -> ir.Model (float): the standard export, its names and axes made the user's own and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from torch import nn

from edgeattn_export.capture.captured import Captured, contract_of
from edgeattn_export.capture.export_errors import ValueDependentError, random_operator
from edgeattn_export.capture.original.determinism import check_repeats
from edgeattn_export.capture.original.reference import Call, Reference
from edgeattn_export.capture.own_cache.find import find_cache
from edgeattn_export.capture.proof import proven, with_bounds
from edgeattn_export.capture.strategies.fixed_sizes import (
    SizeDependentError,
    check_axes_free,
    decided_sizes,
    with_line,
)
from edgeattn_export.capture.strategies.ladder import KEPT_NUMBERS, LONGEST, rungs
from edgeattn_export.capture.strategies.request import Mode, Program, TraceRequest
from edgeattn_export.capture.translation.translate import checks_sizes, reads_numbers, translate
from edgeattn_export.graph.axes import Axes, with_lengths
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.graph.scopes import keep_scopes
from edgeattn_export.graph.shapes import sized_inputs, sizes_of
from edgeattn_export.graph.trials import sample_sizes
from edgeattn_runtime.bundle.manifest import Symbol
from edgeattn_runtime.errors import CaptureError, ModelError, SampleError


def capture(
    module: nn.Module, samples: Samples, axes: Axes, engine: Engine, every: Samples | None = None
) -> Captured:
    """Export a module in eval mode and prove the export on real samples, and at sizes that none has.

    Args:
        module: In eval mode.
        samples: Real inputs.
        axes: Their dynamic axes.
        engine: Runs the graph, to prove it.
        every: All real samples, of which nothing is read but the sizes; ``samples`` where it is left out.

    Raises:
        SampleError: One of all samples is longer than what the graph takes.
        CaptureError: PyTorch cannot export the module, or it draws random numbers (the message names the
            line, or the PyTorch module and the operator), an axis lost its freedom, or the graph's
            outputs are not PyTorch's.
        ModelError: The module fails on its samples, or answers with NaN or something other than tensors.
    """
    cache = find_cache(module, samples, axes)
    call = Call(samples.beginning, cache.left_out if cache is not None else frozenset())
    reference = Reference(module, call).with_form(samples[0].inputs)
    answer = reference(samples[0].inputs)
    outputs = tuple(answer)
    _check_defined(module, answer)
    check_repeats(reference, samples, answer)
    axes, batch_notes = stackable_axes(reference, samples, with_lengths(axes, samples))
    request = TraceRequest(reference, samples, axes, outputs)
    every = samples if every is None else every
    longest = _longest(request, every)
    # A table that forward makes at its first call (ALiBi's biases) is then long enough for all samples.
    with suppress(ModelError):  # of made-up sizes that are beyond it; outputs that vary in form are refused
        reference(sized_inputs(samples, axes, longest))
    captured = _proven(request, engine)
    _check_fit(captured, every)
    tables = (
        f"{name} is at most {size}, as in the longest sample: forward reads a table of that size, which "
        "longer samples may extend."
        for name, size in longest.items()
        if captured.symbols[name].max == size
    )
    notes = (*samples.notes, *reference.notes, *batch_notes, *captured.notes, *tables)
    return replace(captured, cache=cache, passed=reference.passed, notes=notes)


def _longest(request: TraceRequest, every: Samples) -> Mapping[str, int]:
    """Return the sizes of the longest example, each axis as long as in any sample."""
    axes = request.axes
    if axes.packed:
        return request.longest
    sizes = {name: seen[-1] for name, seen in sample_sizes(every, axes).items() if name != axes.batch}
    return {name: max(size, sizes.get(name, 0)) for name, size in request.longest.items()}


def _check_fit(captured: Captured, every: Samples) -> None:
    for sample in every:
        for name, size in sizes_of(sample.inputs, captured.axes).items():
            if not captured.symbols[name].allows(size):
                raise SampleError(
                    f"sample {sample.number}: {name} {size} found, {captured.symbols[name]} expected: beyond "
                    "that, forward computes otherwise; leave such samples out, or compute by "
                    "x.shape[axis] itself, with no table kept by size"
                )


def _proven(request: TraceRequest, engine: Engine) -> Captured:
    """Return what takes any values, else what takes only those whose longest is an axis's size.

    Raises:
        CaptureError: As ``_first_proven`` does.
    """
    try:
        return _first_proven(request, engine)
    except ValueDependentError:
        with suppress(CaptureError):
            captured = _first_proven(replace(request, mode=Mode.KEEP), engine)
            return replace(captured, notes=(*captured.notes, KEPT_NUMBERS))
        if not request.axes.lengths:
            raise
    captured = _first_proven(replace(request, mode=Mode.LENGTHS), engine)
    notes = (LONGEST.format(name=name, symbol=symbol) for name, symbol in request.axes.lengths.items())
    return replace(captured, notes=(*captured.notes, *notes))


def _first_proven(request: TraceRequest, engine: Engine) -> Captured:
    """Return what the first strategy leads to that is proven at any size, else what is at some.

    Raises:
        CaptureError: What stopped the first strategy of all.
    """
    fallback: Captured | None = None
    obstacle: SizeDependentError | None = None
    decided: Mapping[str, int] = {}  # by the first strategies, which see it
    for program, notes in rungs(request):
        try:
            captured = _captured(program(), request, engine)
            decided = {**captured.decided, **decided}
            captured = replace(captured, decided=decided)
            proof = proven(captured, request.reference, request.samples)
        except Exception as error:
            if obstacle is None and isinstance(error, SizeDependentError):
                obstacle = error
            if fallback is None and obstacle is None:  # no other strategy would help
                raise
            continue
        bounds, captured = proof.bounds, replace(captured, notes=(*notes, *proof.notes))
        if not bounds:
            return captured
        if all(bound == Symbol(1, decided.get(name)) for name, bound in bounds.items()):
            return with_bounds(captured, bounds)  # no strategy exports at a size beyond
        fallback = fallback or with_bounds(captured, bounds)
    if fallback is not None:
        return fallback
    if obstacle is None:
        raise CaptureError("there is no strategy to export the module")
    raise with_line(obstacle, request) from obstacle


def _captured(program: Program, request: TraceRequest, engine: Engine) -> Captured:
    check_axes_free(request, program)
    if reads_numbers(program, request):
        raise SizeDependentError(
            "the program makes a number of lengths, though the longest of them is a size"
        )
    if request.axes.lengths and not request.lengths and checks_sizes(program):
        raise ValueDependentError("forward checks that a number of values is the size of an axis")
    model = translate(program, request)
    _name_symbols(model, request.axes)
    keep_scopes(model)
    drawn = random_operator(model)
    if drawn:
        raise CaptureError(drawn)
    axes = replace(request.axes, lengths=request.lengths)
    graph, symbols = contract_of(model, axes, request.samples)
    decided = decided_sizes(request, program)
    return Captured(model, graph, symbols, axes, request.reference, engine, decided=decided)


def _check_defined(module: nn.Module, answer: Mapping[str, NDArray[np.generic]]) -> None:
    for name, value in answer.items():
        # Where only some of it is, padding may be all that nobody looks at.
        if value.dtype.kind == "f" and value.size and np.isnan(value).all():
            raise ModelError(
                f"{type(module).__name__} itself answers sample 0 with NaN in its output {name!r}; numbers "
                "expected; check its weights, and the sample"
            )


def _name_symbols(model: ir.Model, axes: Axes) -> None:
    """Give the exporter's symbols (s18, s41) the user's names, in every shape of the graph."""
    names: dict[str, str] = {}
    for value in model.graph.inputs:
        for exported, symbol in zip(value.shape or (), axes.dims[value.name or ""], strict=True):
            if isinstance(symbol, str) and names.setdefault(str(exported), symbol) != symbol:
                raise CaptureError(
                    f"input {value.name!r}: the module needs {symbol} and {names[str(exported)]} to be "
                    "equal; give both axes one name in dynamic"
                )
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, names)) + r")\b") if names else None
    computed = (value for node in model.graph.all_nodes() for value in node.outputs)
    for value in (*model.graph.inputs, *computed):
        if pattern and value.shape is not None:
            value.shape = ir.Shape(
                dim
                if isinstance(dim, int) or dim.value is None
                else pattern.sub(lambda m: names[m[0]], dim.value)
                for dim in value.shape
            )


def stackable_axes(reference: Reference, samples: Samples, axes: Axes) -> tuple[Axes, tuple[str, ...]]:
    """Return the axes without a batch where the module takes none but the samples' own, and a note of it.

    Where all samples have as many rows, that becomes a number; else the symbol stays, as a packed one.

    Raises:
        CaptureError: Its answer to more rows has another form.
    """
    if axes.batch is None:
        return axes, ()
    row_counts = sample_sizes(samples, axes)[axes.batch]
    try:
        reference(_more_rows(samples, axes, axes.batch, row_counts))
    except ModelError as error:
        if len(row_counts) > 1:
            note = f"{axes.batch} follows from other inputs: rows cannot be stacked along it ({error})."
            packed, notes = stackable_axes(
                reference, samples, replace(axes, packed=axes.packed | {axes.batch})
            )
            return packed, (note, *notes)
        fixed = {
            name: tuple(row_counts[0] if dim == axes.batch else dim for dim in dims)
            for name, dims in axes.dims.items()
        }
        return Axes(fixed, lengths=axes.lengths), (
            f"{axes.batch} is {row_counts[0]}, as the module takes no other ({error}).",
        )
    return axes, ()


def _more_rows(samples: Samples, axes: Axes, batch: str, row_counts: Sequence[int]) -> Inputs:
    """Return the first sample's rows twice, or as many rows as no sample has where their numbers differ."""
    if len(row_counts) > 1:
        return sized_inputs(samples, axes, {batch: next(n for n in count(2) if n not in row_counts)})
    return {
        name: np.concatenate((value, value)) if batch in axes.dims[name] else value
        for name, value in samples[0].inputs.items()
    }
