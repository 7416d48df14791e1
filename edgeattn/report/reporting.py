"""The report on a bundle, put together of all that its stages tell."""

from __future__ import annotations

import math
from dataclasses import asdict

from edgeattn.judge.choosing import Chosen
from edgeattn.judge.evaluation import Evaluation
from edgeattn.judge.request import Request
from edgeattn.measure.latencies import PYTORCH
from edgeattn.measure.operator_times import convolutions
from edgeattn.report.report import Counts, Layer, Refusal, Report
from edgeattn.report.scale import scale_note
from edgeattn.report.tried import trial_lines
from edgeattn.source.source import Source
from edgeattn_export.capture import Captured
from edgeattn_export.graph.operators import operators
from edgeattn_export.graph.samples import EVALUATION_SHARE, Parts
from edgeattn_export.recover import Recovered
from edgeattn_export.targets import ForTarget
from edgeattn_runtime.manifest import MAIN_GRAPH

NOTICED = 0.02  # share of the time, from which convolutions are told of
ENOUGH = 20  # evaluation samples, below which a verdict is accompanied by a warning


def reported(
    source: Source,
    request: Request,
    captured: Captured,
    samples: Parts,
    graphs: tuple[Recovered, ForTarget],
    outcome: tuple[Chosen, Evaluation],
) -> Report:
    """Put a report together.

    Args:
        source: The model.
        request: What was asked.
        captured: Its capture.
        samples: Their parts.
        graphs: As recovered, and as lowered for the target.
        outcome: What was chosen, and how it was evaluated.
    """
    (recovered, lowered), (chosen, evaluation) = graphs, outcome
    measures = evaluation.measures
    if measures.latency_ms is None:
        raise TypeError("a report without latencies; evaluate() measures them")
    passed = all(check.ok for check in evaluation.checks)
    forms = request.target.forms
    return Report(
        model=source.name,
        target=request.target.name,
        recipe=chosen.parts.recipe,
        machine=request.machine,
        checks=evaluation.checks,
        samples=Counts(len(samples.calibration), len(samples.selection), len(samples.evaluation)),
        accuracy=measures.accuracy,
        size_mb={PYTORCH: source.megabytes(captured), **measures.size_mb},
        latency_ms=measures.latency_ms,
        memory_mb=measures.memory_mb,
        operators=chosen.parts.operators,
        operator_times=measures.operator_times,
        fused={**recovered.applied, **lowered.applied},
        refused=tuple(Refusal(**asdict(place)) for place in (*recovered.refused, *lowered.refused)),
        layers=tuple(
            Layer(layer.module, layer.form, forms.noun(layer.form), layer.cosine)
            for layer in chosen.parts.layers
        ),
        original=source.original,
        trials=trial_lines(chosen.found.trials, chosen.found.chosen),
        notes=(
            *captured.notes,
            *recovered.notes,
            *chosen.notes,
            *_convolutions(chosen, evaluation),
            *_scale(chosen, evaluation),
            *evaluation.notes,
            *_few(len(samples.evaluation)),
            *(() if passed else chosen.binding),
        ),
    )


def _convolutions(chosen: Chosen, evaluation: Evaluation) -> tuple[str, ...]:
    """Return a note on the convolutions that stay float, where they take a share that one notices."""
    share = convolutions(evaluation.measures.operator_times)
    if share < NOTICED:
        return ()
    count = operators(chosen.parts.graphs[MAIN_GRAPH].quantized.model).get("Conv", 0)
    which = f"{count} convolutions stay" if count > 1 else "One convolution stays"
    return (f"{which} float and {'take' if count > 1 else 'takes'} {share:.0%} of the int8 graph's time.",)


def _scale(chosen: Chosen, evaluation: Evaluation) -> tuple[str, ...]:
    """Return a note on the scale of what is compared: of a decoder its logits, not its cache."""
    generation = chosen.parts.generation
    outputs = (
        output
        for sample in evaluation.golden.samples
        for name, output in sample.outputs.items()
        if generation is None or name == generation.logits
    )
    return scale_note(evaluation.measures.accuracy.max_abs, outputs)


def _few(evaluation: int) -> tuple[str, ...]:
    if evaluation >= ENOUGH:
        return ()
    samples = "sample" if evaluation == 1 else "samples"
    return (
        f"Evaluated on {evaluation} {samples}: a verdict on so few says little; yield "
        f"{math.ceil(ENOUGH / EVALUATION_SHARE)} samples or more.",
    )
