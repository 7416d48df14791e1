"""The golden vectors of a bundle: real inputs, the original's outputs, and how near int8 must come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edgeattn_export.cache import ModelGraphs
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, Samples, stratified
from edgeattn_export.quantize.graphs import Graphs
from edgeattn_export.targets import Target
from edgeattn_runtime.golden import Sample, replay
from edgeattn_runtime.manifest import MAIN_GRAPH

REHEARSED = 8  # evaluation samples that a decoder is taken through
COUNT = 4  # from the smallest evaluation sample to the largest
LOSS_ALLOWED = 2.0  # times the loss seen here: another CPU sums in another order
LEAST_LOSS = 1e-3  # of cosine, allowed in any case


@dataclass(frozen=True, slots=True)
class Golden:
    """Samples as the original answered them, and the cosine that every output must reach on any device."""

    samples: tuple[Sample, ...]
    tolerance: float


def golden_vectors(original: Callable[[Inputs], Outputs], main: Runner, inputs: Iterable[Inputs]) -> Golden:
    """Choose golden vectors among real inputs, and the tolerance that int8 is accepted at.

    Args:
        original: Answers inputs of the bundle's main graph as the original does.
        main: That graph in int8.
        inputs: Real inputs of that graph.
    """
    chosen = stratified(inputs, COUNT)
    samples = tuple(Sample(arrays, original(arrays)) for arrays in chosen)
    results = replay(lambda **arrays: main(arrays), samples, tolerance=0.0)
    loss = max(1 - result.cosine for result in results)
    return Golden(samples, round(1 - max(LOSS_ALLOWED * loss, LEAST_LOSS), 6))


def step_vectors(graphs: ModelGraphs, parts: Graphs, evaluation: Samples, target: Target) -> Golden:
    """Choose golden vectors of a decoder: prompts, and what follows them with their cache as the past.

    The float decoder answers them, whose logits are proven to be the original's.
    """
    float_decoder = target.prover.runner(graphs.main.model)
    int8_decoder = target.device.runner(parts.graphs[MAIN_GRAPH].quantized.model)
    calls = graphs.samples(evaluation[:REHEARSED], target.prover)[MAIN_GRAPH]
    return golden_vectors(float_decoder, int8_decoder, (call.inputs for call in calls))
