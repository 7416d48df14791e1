"""Where a target's graph runs: as its session tells where its engine is here, by its list where it is not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
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


def placement_of(target: Target, graphs: Iterable[tuple[ir.Model, Inputs]]) -> Placement | None:
    """Return where the work of graphs runs: that of the first which is not placed whole, else of the first.

    Args:
        target: What the graphs are for.
        graphs: At least one, as it is shipped, with real inputs of its sizes, for which its work is counted.

    Returns:
        None where there is but one place, or nothing is known of it.

    Raises:
        BundleError, IncompatibleRuntimeError: The engine refuses a graph.
    """
    if has_one_place(target):
        return None
    first = None
    for model, inputs in graphs:
        placement = _placed(target, model, inputs)
        if placement is None or not placement.is_whole:
            return placement
        first = first or placement
    return first


def _placed(target: Target, model: ir.Model, inputs: Inputs) -> Placement | None:
    engine, provider = target.engine, target.engine.providers[0]
    work = multiply_accumulates(model, inputs, target.prover)
    if engine.host.missing() is None:
        with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
            told = engine.partitions(engine.written(model, Path(folder)))
        if told:
            return found(model, provider, told, work)
    return None if target.operators is None else expected(model, provider, target.operators(), work)
