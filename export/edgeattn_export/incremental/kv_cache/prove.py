"""A step model is handed out only where its logits are the whole model's, on the user's samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from edgeattn_export.capture.captured import Captured
from edgeattn_export.capture.own_cache.cache import chunk_text, chunkings
from edgeattn_export.graph.agreement import Units
from edgeattn_export.graph.fallback import finding
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.prove import Proof
from edgeattn_export.graph.samples import Inputs, Sample, Samples
from edgeattn_export.graph.trials import trials
from edgeattn_export.incremental.kv_cache.roles import Roles
from edgeattn_export.incremental.kv_cache.steps import StepRunner, Steps, halves
from edgeattn_export.incremental.proof import Case, disagreement, first_objection, units_of
from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_runtime.contract import bind
from edgeattn_runtime.errors import EdgeAttnError

SHORTEST_PROMPT = 3  # tokens: a prompt of two of them and a step


def check_causal(captured: Captured, roles: Roles, samples: Samples) -> None:
    """Run only the longest sample's first half: a causal model's outputs there do not change.

    Raises:
        CannotStep: The model's logits at a position change with later tokens, it takes no part of a
            sample, or all samples are short.
    """
    inputs = max((sample.inputs for sample in samples), key=lambda inputs: inputs[roles.tokens.name].shape[1])
    tokens = inputs[roles.tokens.name]
    length = tokens.shape[1]
    if length < SHORTEST_PROMPT:
        raise CannotStep(
            f"the samples have at most {length} tokens; one of {SHORTEST_PROMPT} or more expected"
        )
    runner, half, logits = captured.engine.runner(captured.model), length // 2, roles.logits.name
    whole = runner(inputs)
    try:
        alone = runner({**inputs, roles.tokens.name: tokens[:, :half]})
    except EdgeAttnError as error:
        raise CannotStep(
            f"the model takes {length} tokens of a sample, but not {half} of them: {finding(error)}"
        ) from error
    expected = {logits: whole[logits][:, :half]}
    reason = disagreement(units_of(captured, whole), expected, {logits: alone[logits]})
    if reason:
        raise CannotStep(
            f"the model is not causal: its outputs for the first {half} tokens change "
            f"with later tokens ({reason})"
        )


def objection(steps: Steps, captured: Captured, samples: Samples) -> str | None:
    """Say where the steps differ from the full sequence, or return None where they agree.

    Each trial is taken token by token in a cache with just enough room. In one that grows as on devices it is
    taken as a prompt of half its tokens, and then one by one; and in thirds.
    What the encoder gives must have the dims of its contract.
    """
    try:
        runner = steps.runner(captured.engine)
        proof = Proof.of(captured.engine, captured.model, trials(samples, captured.axes))
        reasons = (_difference(steps, runner, proof.units, *case) for case in proof.cases)
        return next((reason for reason in reasons if reason), None)
    except EdgeAttnError as error:
        return finding(error)


def late_objection(steps: Steps, captured: Captured, samples: Iterable[Sample]) -> str | None:
    """Say which sample the steps answer otherwise than the full sequence, or return None where there is none.

    Each is taken in halves, as those that quantize a decoder see it. One that the full sequence fails on says
    nothing of the steps.
    """
    runner = steps.runner(captured.engine)

    def in_halves(sample: Sample) -> Case:
        length = sample.inputs[steps.generation.tokens].shape[1]
        division = f"sample {sample.number}, of {length} tokens, taken in halves: "
        return Case(sample.inputs, division, partial(_logits, steps, runner, sample.inputs, halves(length)))

    return first_objection(captured, map(in_halves, samples))


def _logits(
    steps: Steps, runner: StepRunner, inputs: Inputs, chunks: Sequence[int], capacity: int = 0
) -> Outputs:
    return {steps.generation.logits: runner.logits(inputs, chunks, capacity=capacity)}


def _difference(
    steps: Steps, runner: StepRunner, units: Units, inputs: Inputs, expected: Outputs
) -> str | None:
    encoded = runner.encoded(inputs)
    if steps.encoder is not None:
        graph = steps.encoder.graph
        bind((*graph.inputs, *graph.outputs), {**inputs, **encoded})
    memories = runner.memories(encoded)
    reason = disagreement(units, expected, memories)
    if reason:
        return f"from only the sources, {reason}"
    length = inputs[steps.generation.tokens].shape[1]
    for chunks, capacity in zip(chunkings(length), (length, 0, 0), strict=False):
        reason = disagreement(units, expected, _logits(steps, runner, inputs, chunks, capacity))
        if reason:
            return (
                f"taken in chunks of {chunk_text(chunks)}, {reason}: positions depend on one another outside "
                "its attention operators"
            )
    return None
