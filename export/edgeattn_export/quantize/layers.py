"""The layers of a model, the form that each has got, and how far its output has moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims, is_constant
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.graph.taps import tapped, values_of
from edgeattn_runtime.similarity import cosine

WEIGHTED = ("MatMul", "Gemm", "Conv", "Gather")
COMPARED = 16  # samples; a layer's cosine is a pointer to where accuracy goes, not the verdict


@dataclass(frozen=True, slots=True)
class LayerForm:
    """A PyTorch module, its form, and the mean cosine of its output in the int8 model to the float one's."""

    module: str
    form: str
    cosine: float | None


def float_layers(before: ir.Model, after: ir.Model) -> Iterator[tuple[str, str]]:
    """Yield the layers of ``before`` that stand in ``after`` too: their module, and their output's name."""
    kept = values_of(after)
    for node in before.graph:
        if node.outputs[0].name not in kept:
            continue
        if node.op_type in WEIGHTED and any(map(_is_matrix, node.inputs)):
            yield module_of(node), node.outputs[0].name or ""


def mean_cosines(
    before: ir.Model, after: ir.Model, values: Iterable[str], samples: Samples, engine: Engine
) -> Mapping[str, float]:
    """Compare values of the same names inside two models, on a few samples, one at a time.

    Returns:
        The mean cosine by name, for the names that both models have in the same dims.
    """
    names = [name for name in dict.fromkeys(values) if name in values_of(before) and name in values_of(after)]
    one, other = (engine.runner(tapped(model, names)) for model in (before, after))
    found: dict[str, list[float]] = {name: [] for name in names}
    for sample in samples[:COMPARED]:
        a, b = one(sample.inputs), other(sample.inputs)
        for name in names:
            if a[name].shape == b[name].shape:  # else an expert, given other rows by another router
                found[name].append(cosine(a[name], b[name]))
    return {name: float(np.mean(cosines)) for name, cosines in found.items() if cosines}


def _is_matrix(value: ir.Value | None) -> bool:
    return (
        value is not None
        and is_constant(value)
        and value.dtype is ir.DataType.FLOAT
        and len(dims(value)) >= 2
    )
