"""nn.Module -> ir.Model (float): the standard export, its names and axes made the user's own and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

import numpy as np
import onnx_ir as ir
import torch
from numpy.typing import NDArray
from onnx_ir.passes.common import NameFixPass
from torch import nn

from edgeattn_export.capture.adapt import TRANSLATED, name_hidden_operators
from edgeattn_export.capture.answer import tensors_of
from edgeattn_export.capture.captured import EXPORT_TOLERANCE, OPSET, Captured
from edgeattn_export.capture.export_errors import drawing, explained, failed, unrunnable
from edgeattn_export.capture.own_cache.find import find_cache
from edgeattn_export.capture.reference import Call, Reference
from edgeattn_export.capture.repeats import check_repeats
from edgeattn_export.capture.tracing import traceable
from edgeattn_export.graph.agreement import disagreement
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.contract import contract_of
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.graph.scopes import WRAPPED, keep_scopes
from edgeattn_export.graph.serialize import lay_out
from edgeattn_export.graph.shapes import shaped, sizes_of
from edgeattn_export.graph.trials import answered
from edgeattn_runtime.errors import CaptureError, EdgeAttnError, ModelError


def capture(module: nn.Module, samples: Samples, axes: Axes, engine: Engine) -> Captured:
    """Export a module in eval mode and prove the export on real samples of several sizes.

    Args:
        module: In eval mode.
        samples: Real inputs.
        axes: Their dynamic axes.
        engine: Runs the graph, to prove it.

    Raises:
        CaptureError: PyTorch cannot export the module, or it draws random numbers (the message names the
            line, or the PyTorch module and the operator), an axis lost its freedom, or the graph's
            outputs are not PyTorch's.
        ModelError: The module fails on its samples, or answers with NaN or something other than tensors.
    """
    cache = find_cache(module, samples, axes)
    call = Call(samples.beginning, cache.left_out if cache is not None else frozenset())
    reference = Reference(module, call).settled(samples[0].inputs)
    answer = reference(samples[0].inputs)
    outputs = tuple(answer)
    _check_names(samples.names, outputs)
    _check_defined(module, answer)
    check_repeats(reference, samples, answer)
    example = _example(samples, axes)
    with suppress(ModelError):  # of made-up sizes that are beyond it
        reference(example)  # an answer that varies in form with its inputs' sizes is refused here
    model = _exported(reference, example, axes, outputs)
    _name_symbols(model, axes)
    keep_scopes(model)
    drawn = drawing(model)
    if drawn:
        raise CaptureError(drawn)
    graph, symbols = contract_of(model, axes)
    notes = (*samples.notes, *reference.notes)
    captured = Captured(model, graph, symbols, axes, reference, engine, cache, reference.passed, notes)
    _prove(captured, samples)
    return captured


def _check_names(inputs: tuple[str, ...], outputs: tuple[str, ...]) -> None:
    shared = [name for name in outputs if name in inputs]
    if shared:
        raise CaptureError(
            f"output {shared[0]!r} has the same name as an input; one graph cannot hold both: rename one"
        )


def _check_defined(module: nn.Module, answer: Mapping[str, NDArray[np.generic]]) -> None:
    for name, value in answer.items():
        # Where only some of it is, padding may be all that nobody looks at.
        if value.dtype.kind == "f" and value.size and np.isnan(value).all():
            raise ModelError(
                f"{type(module).__name__} itself answers sample 0 with NaN in its output {name!r}; numbers "
                "expected; check its weights, and the sample"
            )


class _Named(nn.Module):
    """The user's module, taking its inputs in order and answering with a tuple of tensors."""

    def __init__(self, reference: Reference, names: tuple[str, ...], outputs: tuple[str, ...]) -> None:
        super().__init__()
        setattr(self, WRAPPED, reference.module)
        self.call, self.names, self.outputs = reference.call, names, outputs

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        raw = self.call.raw(getattr(self, WRAPPED), dict(zip(self.names, inputs, strict=True)))
        found = tensors_of(raw, self.call.left_out)
        return tuple(found[name] for name in self.outputs)


def _example(samples: Samples, axes: Axes) -> Inputs:
    # torch.export takes a size of 0 or 1 for a constant, and equal sizes for one symbol.
    longest = max(samples, key=lambda sample: sum(v.size for v in sample.inputs.values()))
    sizes = sizes_of(longest.inputs, axes)
    taken: set[int] = set()
    for symbol in axes.symbols:
        size = 2 if symbol == axes.batch else max(sizes[symbol], 3)
        while size in taken:
            size -= 1 if size > 3 else -len(taken)
        taken.add(size)
        sizes[symbol] = size
    return shaped(samples, axes, sizes)


def _exported(reference: Reference, example: Inputs, axes: Axes, outputs: tuple[str, ...]) -> ir.Model:
    names = tuple(example)
    args = tuple(torch.from_numpy(np.array(value)) for value in example.values())
    # AUTO rather than DYNAMIC: an axis that the module fixes is then seen, and named, in the graph.
    free = tuple(
        {i: torch.export.Dim.AUTO for i, dim in enumerate(axes.dims[name]) if isinstance(dim, str)}
        for name in names
    )
    program: torch.export.ExportedProgram | None = None
    with traceable():
        try:
            program = torch.export.export(
                _Named(reference, names, outputs).eval(), args, dynamic_shapes=(free,), strict=False
            )
            name_hidden_operators(program)
            onnx = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=OPSET,
                input_names=list(names),
                output_names=list(outputs),
                custom_translation_table=dict(TRANSLATED),
                verbose=False,
            )
        except Exception as error:
            raise CaptureError(explained(error, program)) from error
    if onnx is None:  # only where torch.onnx.export is given a file to write
        raise CaptureError("torch.onnx.export returned no program; expected one")
    NameFixPass()(onnx.model)  # an output may be called as some inner value already is
    lay_out(onnx.model)
    return onnx.model


def _name_symbols(model: ir.Model, axes: Axes) -> None:
    """Give the exporter's symbols (s18, s41) the user's names, in every shape of the graph."""
    names: dict[str, str] = {}
    for value in model.graph.inputs:
        for axis, (found, wanted) in enumerate(
            zip(value.shape or (), axes.dims[value.name or ""], strict=True)
        ):
            if not isinstance(wanted, str):
                continue
            if str(found).isdigit():  # AUTO leaves a fixed size as a symbol of that name
                raise CaptureError(
                    f"input {value.name!r}: the module fixes axis {axis} ({wanted}) at {found}, where any "
                    "size is expected; look for a size taken as a number, by int() or as a constant"
                )
            if names.setdefault(str(found), wanted) != wanted:
                raise CaptureError(
                    f"input {value.name!r}: the module needs {wanted} and {names[str(found)]} to be equal; "
                    "give both axes one name in dynamic"
                )
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, names)) + r")\b") if names else None
    for value in _values(model.graph):
        if pattern and value.shape is not None:
            value.shape = ir.Shape(
                dim
                if isinstance(dim, int) or dim.value is None
                else pattern.sub(lambda m: names[m[0]], dim.value)
                for dim in value.shape
            )


def _values(graph: ir.Graph) -> Iterator[ir.Value]:
    yield from graph.inputs
    for node in graph.all_nodes():
        yield from node.outputs


def _prove(captured: Captured, samples: Samples) -> None:
    try:
        runner = captured.engine.runner(captured.model)
    except EdgeAttnError as error:
        raise CaptureError(unrunnable(error, captured.model)) from error
    for inputs, expected in answered(captured.reference, samples, captured.axes):
        sizes = {name: tuple(value.shape) for name, value in inputs.items()}
        try:
            found = runner(inputs)
        except EdgeAttnError as error:
            raise CaptureError(failed(error, captured.model, sizes)) from error
        reason = disagreement(expected, found, EXPORT_TOLERANCE)
        if reason:
            raise CaptureError(
                f"the exported graph is not the module: {reason} on inputs {sizes}; look for randomness in "
                "eval mode, values read as Python numbers, or sizes taken as constants"
            )
