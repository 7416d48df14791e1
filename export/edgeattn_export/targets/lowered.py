"""A model's graphs as a target is fast at them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.graph.apply import Refused
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.incremental import Cached, ModelGraphs
from edgeattn_export.lower import Lowered, lower
from edgeattn_export.lower.decomposed.opset import write_at_opset
from edgeattn_export.targets.target import Target
from edgeattn_runtime.errors import ModelError


@dataclass(frozen=True, slots=True)
class LoweredGraphs:
    """A model's graphs for a target, how often each lowering was applied, and what was refused."""

    graphs: ModelGraphs
    applied: Mapping[str, int]
    refused: tuple[Refused, ...]


def lower_for(target: Target, cached: Cached, samples: Samples) -> LoweredGraphs:
    """Lower every graph of a model.

    Args:
        target: Whose engine they are for.
        cached: The model's graphs; left as they are.
        samples: Real inputs of the whole model.

    Raises:
        ModelError: A decoder, for a target whose graphs fix sizes.
        QuantizeError: Operators that the target's engine does not read, with their modules.
    """
    if target.bucket_limits is not None and cached.graphs.generation is not None:
        raise ModelError(
            f"target {target.name!r} fixes sizes, and a decoder's cache grows with every token; export for a "
            "target of dynamic sizes, such as cpu"
        )
    trials = cached.graphs.trials(samples, target.prover)
    lowered = {
        name: _lowered(target, each.model, trials[name]) for name, each in cached.graphs.graphs.items()
    }
    graphs = cached.graphs.with_models({name: its.model for name, its in lowered.items()})
    counts = Counter(name for its in lowered.values() for name, _ in its.sites)
    refused = (refused for its in lowered.values() for refused in its.refused)
    return LoweredGraphs(graphs, counts, (*cached.refused, *refused))


def _lowered(target: Target, model: ir.Model, inputs: Iterable[Inputs]) -> Lowered:
    lowered = lower(model, target.lowerings, target.engine, inputs, prover=target.prover)
    write_at_opset(lowered.model, target.opset)
    return lowered
