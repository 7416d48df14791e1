"""A rewrite is kept only where the graph still gives the outputs that it gave before, on real samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.agreement import Units
from edgeattn_export.graph.apply import Applied, NodeFilter, Refused, Site, apply_or_refuse, every_node
from edgeattn_export.graph.dataflow import dims
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.fallback import finding, with_fallback
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.rule import Rule
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.errors import EdgeAttnError

REWRITE_TOLERANCE = 1e-4  # of what a channel varies by: six layers, summed in another order, differ by 6e-6


@dataclass(frozen=True, slots=True)
class Proof:
    """Trial inputs, a graph's outputs for them, their units, and the engine that gave them."""

    engine: Engine
    cases: tuple[tuple[Inputs, Outputs], ...]
    units: Units

    @classmethod
    def of(cls, engine: Engine, model: ir.Model, trials: Iterable[Inputs]) -> Proof:
        """Run a graph on every trial that it can take.

        Args:
            engine: Runs it, and what is made of it.
            model: The graph before any rewrite.
            trials: Inputs; the first is a real sample, later ones may be beyond the model.

        Raises:
            EdgeAttnError: It fails on the first trial.
        """
        runner = engine.runner(model)
        cases = []
        for inputs in trials:
            try:
                cases.append((inputs, runner(inputs)))
            except EdgeAttnError:
                if not cases:
                    raise
        output_dims = {value.name or "": dims(value) for value in model.graph.outputs}
        return cls(engine, tuple(cases), Units.of(output_dims, (expected for _, expected in cases)))

    def objection(self, model: ir.Model) -> str | None:
        """Say why ``model`` may not take the first graph's place, or return None where it may."""
        try:
            runner = self.engine.runner(model)
            answers = ((expected, runner(inputs)) for inputs, expected in self.cases)
            reasons = (
                self.units.disagreement(expected, _where_defined(expected, outputs), REWRITE_TOLERANCE)
                for expected, outputs in answers
            )
            return next((reason for reason in reasons if reason), None)
        except EdgeAttnError as error:
            return finding(error)


def _where_defined(expected: Outputs, actual: Outputs) -> Outputs:
    """Leave out what the first graph answers with NaN, as PyTorch does a row with nothing to see."""
    return {
        name: np.where(np.isnan(expected[name]), expected[name], value) if value.dtype.kind == "f" else value
        for name, value in actual.items()
    }


def apply_proven(rule: Rule, model: ir.Model, proof: Proof) -> tuple[ir.Model, Applied]:
    """Apply a rule, and undo it wherever the outputs change; all of it where it breaks the graph.

    Returns:
        The rewritten model, or the one given where nothing was kept; and what was applied and refused.
    """
    what, nothing = f"rule {rule.name!r}", (model, Applied((), ()))
    (result, applied), failed = with_fallback(what, lambda: _proven(rule, model, proof), nothing)
    broken = (Refused(rule.name, "", "", why) for why in failed)
    return result, replace(applied, refused=(*applied.refused, *broken))


def _proven(rule: Rule, model: ir.Model, proof: Proof) -> tuple[ir.Model, Applied]:
    rewritten, applied = _trial(rule, model)
    objection = proof.objection(rewritten) if applied.sites else None
    if objection is None:
        return (rewritten if applied.sites else model), applied
    return _prove_each(rule, model, proof, applied, objection)


def _trial(rule: Rule, model: ir.Model, accepts: NodeFilter = every_node) -> tuple[ir.Model, Applied]:
    rewritten = model.clone()
    return rewritten, apply_or_refuse(rule, rewritten, accepts)


def _prove_each(
    rule: Rule, model: ir.Model, proof: Proof, applied: Applied, objection: str
) -> tuple[ir.Model, Applied]:
    proven: list[Site] = []
    undone: list[Refused] = []
    for site in applied.sites:
        nodes = {site.node, *(other.node for other in proven)}
        if len(applied.sites) > 1:
            objection = proof.objection(_trial(rule, model, nodes.__contains__)[0]) or ""
        if objection:
            undone.append(Refused(rule.name, site.node, site.module, f"undone: {objection}"))
        else:
            proven.append(site)
    final = _trial(rule, model, {site.node for site in proven}.__contains__)[0] if proven else model
    return final, Applied(tuple(proven), (*applied.refused, *undone))
