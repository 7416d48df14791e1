"""A model's graphs as a target is fast at them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from edgeattn_export.graph.apply import Refused
from edgeattn_export.graph.samples import Samples
from edgeattn_export.incremental import Cached, ModelGraphs
from edgeattn_export.lower import lower
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
    """Lower every graph of a model for a target's engine.

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
    lowered = {}
    for name, each in cached.graphs.graphs.items():
        lowered[name] = lower(each.model, target.lowerings, target.engine, trials[name], prover=target.prover)
        write_at_opset(lowered[name].model, target.opset)
    graphs = cached.graphs.with_models({name: its.model for name, its in lowered.items()})
    counts = Counter(name for its in lowered.values() for name, _ in its.sites)
    refused = (refused for its in lowered.values() for refused in its.refused)
    return LoweredGraphs(graphs, counts, (*cached.refused, *refused))
