"""The golden vectors of a bundle: real inputs, the original's outputs, and how near int8 must come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from edgeattn.judge.evaluation import Evaluation
from edgeattn.judge.models import Int8Model
from edgeattn.results.check import EdgeCase
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.pack.excerpts import excerpted, small_inputs
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.golden import Sample, replay
from edgeattn_runtime.manifest import MAIN_GRAPH

GOLDEN_SAMPLES = 4  # from the smallest evaluation sample to the largest that an app can ship
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
    chosen = stratified(small_inputs(tuple(inputs), GOLDEN_SAMPLES), GOLDEN_SAMPLES)
    samples = tuple(excerpted(Sample(arrays, original(arrays))) for arrays in chosen)
    results = replay(lambda **arrays: main(arrays), samples, tolerance=0.0)
    loss = max(1 - result.cosine for result in results)
    return Golden(samples, round(1 - max(LOSS_ALLOWED * loss, LEAST_LOSS), 6))


def golden_of(model: Int8Model, evaluation: Evaluation) -> Golden:
    """Choose the golden vectors of a bundle, among the samples that were evaluated.

    A decoder's are prompts, and what follows them with their cache as the past. The float decoder answers
    them, whose logits are proven to be the original's, but for what a cache in int8 rounds.

    Args:
        model: What the bundle will hold.
        evaluation: Of it.
    """
    graphs, target, inputs = model.lowered.graphs, model.request.target, model.main_inputs(evaluation.samples)
    if graphs.generation is not None:
        decoder = target.prover.runner(graphs.main.model)
        return golden_vectors(decoder, target.device.runner(model.main), inputs)
    return golden_vectors(model.float_model.captured.reference, evaluation.int8, inputs)


def golden_on_device(golden: Golden, model: Int8Model) -> tuple[EdgeCase, ...]:
    """Replay golden vectors on the device, at the tolerance that they have here; a failed one fails all.

    Args:
        golden: The bundle's.
        model: The int8 model; its request names the device.

    Raises:
        BadInput: The device's answer lacks an output of the contract.
    """
    place, tolerance = model.request.place, golden.tolerance
    main = model.request.engine.runner(model.main, threads=place.threads)
    contract = model.choice.int8.graphs[MAIN_GRAPH].graph

    def answers(**arrays: NDArray[Any]) -> dict[str, NDArray[Any]]:
        outputs = dict(main(arrays))
        for tensor in contract.outputs:
            if tensor.name not in outputs or outputs[tensor.name].dtype != tensor.dtype:
                raise BadInput(
                    f"device {place.name}: no {tensor.dtype} {tensor.name!r} in its answer; install the same "
                    "edgeattn on both"
                )
        return outputs

    results = replay(answers, golden.samples, tolerance=tolerance)
    return tuple(
        EdgeCase(
            f"golden sample {result.sample} on {place.name}, {result.output}",
            result.ok,
            result.cosine,
            None if result.ok else f"cosine {result.cosine:.4f}, {tolerance:.4f} expected",
        )
        for result in results
    )
