"""Recovered graphs as a target is fast at them: the whole model's one, or those that step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import onnx_ir as ir

from edgeattn_export.cache import Cached, Steps, decoder_samples, encoder_samples
from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import Refused
from edgeattn_export.graph.samples import Inputs, Samples, stratified
from edgeattn_export.graph.trials import trials
from edgeattn_export.lower import Lowered, lower
from edgeattn_export.lower.decomposed.opset import write_at_opset
from edgeattn_export.recover import Recovered
from edgeattn_export.targets.target import Target
from edgeattn_runtime.errors import ModelError

PROVEN_ON = 8  # step samples, from the shortest to the longest


@dataclass(frozen=True, slots=True)
class LoweredGraphs:
    """A model's graphs for a target, how often each lowering was applied, and what was refused."""

    graphs: Recovered | Steps
    applied: Mapping[str, int]
    refused: tuple[Refused, ...]


def lower_for(target: Target, captured: Captured, cached: Cached, samples: Samples) -> LoweredGraphs:
    """Lower every graph of a model.

    Args:
        target: Whose engine they are for.
        captured: The whole model.
        cached: Its recovered graph, or its step form; left as it is.
        samples: Real inputs of the whole model.

    Raises:
        ModelError: A decoder, for a target whose graphs fix sizes.
        QuantizeError: Operators that the target's engine does not read, with their modules.
    """
    if target.few is not None and not cached.is_whole:
        raise ModelError(
            f"target {target.name!r} fixes sizes, and a decoder's cache grows with every token; export for a "
            "target of dynamic sizes, such as cpu"
        )
    if isinstance(cached.graphs, Recovered):
        found = _lowered(target, cached.graphs.model, trials(samples, captured.axes))
        return _lowered_graphs(cached, replace(cached.graphs, model=found.model), found)
    steps = cached.graphs
    inputs = stratified(_inputs(decoder_samples(steps, samples, target.prover)), PROVEN_ON)
    decoder = _lowered(target, steps.decoder.model, inputs)
    steps = replace(steps, decoder=replace(steps.decoder, model=decoder.model))
    if steps.encoder is None:
        return _lowered_graphs(cached, steps, decoder)
    sources = stratified(_inputs(encoder_samples(steps, samples)), PROVEN_ON)
    encoder = _lowered(target, steps.encoder.model, sources)
    steps = replace(steps, encoder=replace(steps.encoder, model=encoder.model))
    return _lowered_graphs(cached, steps, decoder, encoder)


def _inputs(samples: Samples) -> Iterator[Inputs]:
    return (sample.inputs for sample in samples)


def _lowered(target: Target, model: ir.Model, inputs: Iterable[Inputs]) -> Lowered:
    found = lower(model, target.lowerings, target.engine, inputs, prover=target.prover)
    write_at_opset(found.model, target.opset)
    return found


def _lowered_graphs(cached: Cached, graphs: Recovered | Steps, *lowered: Lowered) -> LoweredGraphs:
    counts: dict[str, int] = {}
    for name, _ in (site for found in lowered for site in found.sites):
        counts[name] = counts.get(name, 0) + 1
    refused = tuple(place for found in lowered for place in found.refused)
    return LoweredGraphs(graphs, counts, (*cached.refused, *refused))
