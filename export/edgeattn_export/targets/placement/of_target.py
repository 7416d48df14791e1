"""Where a target's graph runs: as its session tells where its engine is here, by its list where it is not."""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnx_ir as ir

from edgeattn_export.graph.placement import Placement
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.targets.placement.expected import CPU, expected
from edgeattn_export.targets.placement.found import found
from edgeattn_export.targets.placement.work import multiply_accumulates
from edgeattn_export.targets.target import Target

TELLING = "onnxruntime"  # the engine whose sessions tell what runs where


def placement_of(target: Target, model: ir.Model, inputs: Inputs) -> Placement | None:
    """Return where a graph runs; None where there is but one place, or nothing is known of it.

    Args:
        target: What the graph is for.
        model: As it is shipped.
        inputs: Real ones of its sizes, for which its work is counted.

    Raises:
        BundleError, IncompatibleRuntimeError: The engine refuses the graph.
    """
    engine, (provider, *_) = target.engine, target.engine.providers
    if provider == CPU or engine.name != TELLING:
        return None
    work = multiply_accumulates(model, inputs, target.prover)
    if engine.host.missing() is None:
        with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
            told = engine.partitions(engine.written(model, Path(folder)))
        if told:
            return found(model, provider, told, work)
    return None if target.operators is None else expected(model, provider, target.operators(), work)
