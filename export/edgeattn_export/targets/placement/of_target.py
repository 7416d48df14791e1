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


def has_one_place(target: Target) -> bool:
    """Say whether there is but one place for a target's work, so that nothing can fall back."""
    return target.engine.providers[0] == CPU or target.engine.name != TELLING


def untold(target: Target) -> str | None:
    """Say what is missing here to learn what falls back; None where nothing is, or where nothing can."""
    if has_one_place(target) or target.operators is not None:
        return None
    return target.engine.host.missing()


def placement_of(target: Target, model: ir.Model, inputs: Inputs) -> Placement | None:
    """Return where a graph runs; None where there is but one place, or nothing is known of it.

    Args:
        target: What the graph is for.
        model: As it is shipped.
        inputs: Real ones of its sizes, for which its work is counted.

    Raises:
        BundleError, IncompatibleRuntimeError: The engine refuses the graph.
    """
    if has_one_place(target):
        return None
    engine, (provider, *_) = target.engine, target.engine.providers
    work = multiply_accumulates(model, inputs, target.prover)
    if engine.host.missing() is None:
        with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
            told = engine.partitions(engine.written(model, Path(folder)))
        if told:
            return found(model, provider, told, work)
    return None if target.operators is None else expected(model, provider, target.operators(), work)
