"""The golden vectors of a bundle: real inputs, the original's outputs, and how near int8 must come."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.evaluation import Evaluation
from edgeattn.judge.models import Int8Model
from edgeattn.results.check import EdgeCase
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.graph.spread import spreads_of
from edgeattn_export.pack.excerpts import excerpted, pooled, small_inputs
from edgeattn_runtime.bundle.golden import GoldenVectors, Sample, replay
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.graph import Graph, Tensor

GOLDEN_SAMPLES = 8  # from the smallest evaluation sample to the largest that an app can ship
FEW_SAMPLES = 4  # where more would take over ``MOST_BYTES``
MOST_BYTES = 2**18  # of eight samples
SPREAD_SAMPLES = 64  # selection samples that the spreads are of, from the smallest to the largest
ERROR_ALLOWED = math.sqrt(2)  # times the error seen here, twice its square: another CPU sums otherwise
LEAST_ERROR = 0.05  # of an output's spread, allowed in any case
NO_NUMBER = 1e3  # stands for the error of an output that has none: a NaN only here, other dims
_DIGITS = 1e6  # that a tolerance is rounded up to


@dataclass(frozen=True, slots=True)
class Golden:
    """Samples as the original answered them, and how near every device must come.

    Attributes:
        vectors: The samples, and by how much the numbers of each output vary.
        tolerance: By output the largest error on any device, in units of its spread.
    """

    vectors: GoldenVectors
    tolerance: Mapping[str, float]

    @classmethod
    def of(cls, vectors: GoldenVectors, main: Runner) -> Golden:
        """Return golden vectors with the tolerance that int8 is accepted at."""
        unbounded = dict.fromkeys(vectors.spreads, math.inf)
        worst = dict.fromkeys(vectors.spreads, LEAST_ERROR / ERROR_ALLOWED)
        for result in replay(lambda **arrays: main(arrays), vectors, tolerance=unbounded):
            error = NO_NUMBER if result.error is None else min(result.error, NO_NUMBER)
            worst[result.output] = max(worst[result.output], error)
        allowed = {
            name: math.ceil(ERROR_ALLOWED * error * _DIGITS) / _DIGITS for name, error in worst.items()
        }
        return cls(vectors, allowed)

    def or_wider(self, other: Golden) -> Golden:
        """Return the same at the larger of both tolerances of each output."""
        return replace(
            self,
            tolerance={name: max(error, other.tolerance[name]) for name, error in self.tolerance.items()},
        )

    @property
    def largest_tolerance(self) -> float:
        """Of all outputs."""
        return max(self.tolerance.values())


def golden_vectors(
    outputs: Iterable[Tensor],
    original: Callable[[Inputs], Outputs],
    inputs: Iterable[Inputs],
    selection: Sequence[Inputs],
) -> GoldenVectors:
    """Choose golden vectors among real inputs.

    Args:
        outputs: Of the bundle's main graph, as its contract has them.
        original: Answers inputs of that graph as the original does.
        inputs: Real inputs of it.
        selection: Real inputs of it whose answers give the spreads.
    """
    given, tensors = tuple(inputs), tuple(outputs)
    samples = _samples(given, original, GOLDEN_SAMPLES)
    arrays = (array for each in samples for array in (*each.inputs.values(), *each.outputs.values()))
    if sum(array.nbytes for array in arrays) > MOST_BYTES:
        samples = _samples(given, original, FEW_SAMPLES)
    spreads = spreads_of(tensors, map(original, stratified(selection, SPREAD_SAMPLES)))
    return GoldenVectors(samples, {each.name: _held(spreads[each.name].deviation, each) for each in tensors})


def _samples(
    inputs: Sequence[Inputs], original: Callable[[Inputs], Outputs], count: int
) -> tuple[Sample, ...]:
    chosen = stratified(small_inputs(inputs, count), count)
    return tuple(excerpted(Sample(arrays, original(arrays))) for arrays in chosen)


def golden_vectors_of(model: Int8Model, evaluation: Evaluation) -> GoldenVectors:
    """Choose the golden vectors of a bundle, among the samples that were evaluated.

    A decoder's are prompts, and what follows them with their cache as the past. The float decoder answers
    them, whose logits are proven to be the original's, but for what a cache in int8 rounds.
    """
    graphs, target, inputs = model.lowered.graphs, model.request.target, model.main_inputs(evaluation.samples)
    original = model.float_model.captured.reference
    if graphs.generation is not None:
        original = target.prover.runner(graphs.main.model)
    return golden_vectors(_contract(model).outputs, original, inputs, model.choice.selection)


def golden_of(model: Int8Model, evaluation: Evaluation, vectors: GoldenVectors) -> Golden:
    """Return golden vectors with the tolerance of one way that a model runs in."""
    steps = model.lowered.graphs.generation is not None
    return Golden.of(vectors, model.request.target.device.runner(model.main) if steps else evaluation.int8)


def golden_on_device(golden: Golden, model: Int8Model) -> tuple[EdgeCase, ...]:
    """Replay golden vectors on the device, at the tolerance that they have here; a failed one fails all.

    Raises:
        BadInput: The device's answer lacks an output of the contract.
    """
    place, tolerance = model.request.place, golden.tolerance
    main = model.request.engine.runner(model.main, threads=place.threads)
    contract = _contract(model)

    def answers(**arrays: NDArray[Any]) -> dict[str, NDArray[Any]]:
        outputs = dict(main(arrays))
        for tensor in contract.outputs:
            if tensor.name not in outputs or outputs[tensor.name].dtype != tensor.dtype:
                raise BadInput(
                    f"device {place.name}: no {tensor.dtype} {tensor.name!r} in its answer; install the same "
                    "edgeattn on both"
                )
        return outputs

    results = replay(answers, golden.vectors, tolerance=tolerance)
    return tuple(
        EdgeCase(
            f"golden sample {result.sample} on {place.name}, {result.output}",
            result.ok,
            error=result.error,
            reason=None if result.ok else _failure(result.error, tolerance[result.output]),
        )
        for result in results
    )


def _failure(error: float | None, tolerance: float) -> str:
    found = "no number" if error is None else f"{error:.4f}"
    return f"error {found} in units of its spread, at most {tolerance:g} expected"


def _contract(model: Int8Model) -> Graph:
    return model.choice.int8.graphs[MAIN_GRAPH].graph


def _held(deviation: NDArray[np.float64], output: Tensor) -> NDArray[np.float32]:
    """Return a spread as a bundle holds it: above 0 and finite in float32, and of bounded size."""
    limits = np.finfo(np.float32)
    units = np.clip(deviation, limits.tiny, limits.max).reshape(output.channel_dims)
    return pooled(units).astype(np.float32)
