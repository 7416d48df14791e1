"""A step model is handed out only where its logits are the whole model's, on the user's samples."""

from __future__ import annotations

from collections.abc import Iterable

from edgeattn_export.cache.roles import Roles
from edgeattn_export.cache.stepping import StepRunner
from edgeattn_export.cache.steps import CannotStep, Steps, halves
from edgeattn_export.capture.captured import Captured
from edgeattn_export.capture.own_cache.cache import chunk_text, chunkings
from edgeattn_export.graph.agreement import Outputs, Units, output_dims
from edgeattn_export.graph.fallback import finding
from edgeattn_export.graph.prove import Proof
from edgeattn_export.graph.samples import Inputs, Sample, Samples
from edgeattn_export.graph.trials import trials
from edgeattn_runtime.contract import bind
from edgeattn_runtime.errors import EdgeAttnError

STEP_TOLERANCE = 1e-4  # of what a logit varies by, in float
SHORTEST_PROMPT = 3  # tokens: a prompt of two of them and a step


def check_causal(captured: Captured, roles: Roles, samples: Samples) -> None:
    """Run the longest sample's first half alone: a causal model's outputs there do not change.

    Raises:
        CannotStep: The model's logits at a position change with later tokens, it takes no part of a sample,
            or all samples are short.
    """
    inputs = max((sample.inputs for sample in samples), key=lambda inputs: inputs[roles.tokens.name].shape[1])
    tokens = inputs[roles.tokens.name]
    length = tokens.shape[1]
    if length < SHORTEST_PROMPT:
        raise CannotStep(
            f"the samples have at most {length} tokens; one of {SHORTEST_PROMPT} or more expected"
        )
    runner, half = captured.engine.runner(captured.model), length // 2
    answer = runner(inputs)
    whole = answer[roles.logits.name][:, :half]
    try:
        alone = runner({**inputs, roles.tokens.name: tokens[:, :half]})[roles.logits.name]
    except EdgeAttnError as error:
        raise CannotStep(
            f"the model takes {length} tokens of a sample, but not {half} of them: {finding(error)}"
        ) from error
    units = Units.of(output_dims(captured.graph), [answer])
    reason = units.disagreement({roles.logits.name: whole}, {roles.logits.name: alone}, STEP_TOLERANCE)
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
    runner, whole = steps.runner(captured.engine), captured.engine.runner(captured.model)
    for sample in samples:
        inputs = sample.inputs
        try:
            answer = whole(inputs)
        except EdgeAttnError:
            continue
        length = inputs[steps.tokens].shape[1]
        try:
            actual = runner.logits(inputs, halves(length))
            units = Units.of(output_dims(captured.graph), [answer])
            expected = {steps.logits: answer[steps.logits]}
            reason = units.disagreement(expected, {steps.logits: actual}, STEP_TOLERANCE)
        except EdgeAttnError as error:
            reason = finding(error)
        if reason:
            return f"sample {sample.number}, of {length} tokens, taken in halves: {reason}"
    return None


def _difference(
    steps: Steps, runner: StepRunner, units: Units, inputs: Inputs, expected: Outputs
) -> str | None:
    encoded = runner.encoded(inputs)
    if steps.encoder is not None:
        graph = steps.encoder.graph
        bind((*graph.inputs, *graph.outputs), {**inputs, **encoded})
    memories = runner.memories(encoded)
    reason = units.disagreement({name: expected[name] for name in memories}, memories, STEP_TOLERANCE)
    if reason:
        return f"of the sources alone, {reason}"
    length = inputs[steps.tokens].shape[1]
    capacities = length, 0, 0
    for chunks, capacity in zip(chunkings(length), capacities, strict=False):
        actual = {steps.logits: runner.logits(inputs, chunks, capacity=capacity)}
        reason = units.disagreement({steps.logits: expected[steps.logits]}, actual, STEP_TOLERANCE)
        if reason:
            return (
                f"taken in chunks of {chunk_text(chunks)}, {reason}: positions depend on one another outside "
                "its attention operators"
            )
    return None
