"""ir.Model (float, its meaning plain) -> ir.Model (float, as one engine is fast at it), proven or undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.graph.apply import Refused, Site, merge_duplicates
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.prove import Proof, apply_proven
from edgeattn_export.graph.rule import Rule
from edgeattn_export.graph.samples import Inputs


@dataclass(frozen=True, slots=True)
class Lowered:
    """A graph for one engine; where rules were applied, by their names, and where not, with the reason."""

    model: ir.Model
    sites: tuple[tuple[str, Site], ...]
    refused: tuple[Refused, ...]


def lower(
    model: ir.Model,
    rules: Sequence[Rule],
    engine: Engine,
    trials: Iterable[Inputs],
    *,
    prover: Engine | None = None,
) -> Lowered:
    """Meet an engine's needs, and rewrite a graph to what it is fast at, changing no number.

    Args:
        model: The recovered graph; left as it is.
        rules: What the engine is fast at, in order.
        engine: Whose needs are met, and on which each rewrite is proven.
        trials: Real inputs of the graph, at least one.
        prover: Proves the rewrites in the engine's place.
    """
    lowered = engine.ready(model)
    proof = Proof.of(engine if prover is None else prover, lowered, trials)
    sites: list[tuple[str, Site]] = []
    refused: list[Refused] = []
    for rule in rules:
        lowered, applied = apply_proven(rule, lowered, proof)
        sites.extend((rule.name, site) for site in applied.sites)
        refused.extend(applied.refused)
    merge_duplicates(lowered)
    return Lowered(lowered, tuple(sites), tuple(refused))
