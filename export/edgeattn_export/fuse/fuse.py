"""ir.Model (float) -> ir.Model (float, lean): every rule in turn, each proven or undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.passes import Sequential
from onnx_ir.passes.common import (
    CommonSubexpressionEliminationPass,
    DeduplicateInitializersPass,
    RemoveUnusedNodesPass,
)

from edgeattn_export.capture import Captured
from edgeattn_export.fuse.apply import Refused
from edgeattn_export.fuse.prove import Proof, proven
from edgeattn_export.fuse.rules import RULES
from edgeattn_export.samples import Samples


@dataclass(frozen=True, slots=True)
class Fused:
    """The lean graph, how often each rule was applied, and where one was not, with the reason."""

    model: ir.Model
    fused: Mapping[str, int]
    refused: tuple[Refused, ...]


def fuse(captured: Captured, samples: Samples) -> Fused:
    """Rewrite a captured graph for speed, changing no number.

    Args:
        captured: The graph as exported; left as it is.
        samples: Real inputs on which each rewrite is proven.
    """
    proof = Proof.of(captured, samples)
    model = captured.model.clone()
    counts: dict[str, int] = {}
    refused: list[Refused] = []
    for rule in RULES:
        model, applied = proven(rule, model, proof)
        counts[rule.name] = len(applied.sites)
        refused.extend(applied.refused)
    _share(model)
    return Fused(model, {name: count for name, count in counts.items() if count}, tuple(refused))


def _share(model: ir.Model) -> None:
    """Compute once what several layers compute alike, such as their mask."""
    Sequential(DeduplicateInitializersPass(), CommonSubexpressionEliminationPass(), RemoveUnusedNodesPass())(
        model
    )
