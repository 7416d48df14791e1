"""The report on one target, put together from all that its stages returned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.models import Choice, Int8Model
from edgeattn.judge.proof import Proof
from edgeattn.judge.request import Request
from edgeattn.measure.contents import module_parts
from edgeattn.measure.placement import has_one_provider
from edgeattn.measure.profile import convolutions
from edgeattn.report.accuracy_words import kind_notes
from edgeattn.report.verdict_words import undecided_notes, unseen_notes
from edgeattn.results.graph import Layer, Refusal
from edgeattn.results.latency import PYTORCH
from edgeattn.results.other_way import OtherWay
from edgeattn.results.report import Counts, Report
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.hosts import HERE
from edgeattn_export.targets import Target
from edgeattn_runtime.timing.machine import Machine

DRAFT_NOTE = "A draft: a rule chose the recipe, and few samples evaluate it. Export without --draft to ship."
NOTABLE_TIME = 0.02  # share of the int8 graph's time, from which convolutions get a note
NOTABLE_DIFFERENCE = 0.01  # of the outputs' scale, from which that gets a note


def report_on(model: Int8Model, proof: Proof) -> Report:
    """Put a report on one target together."""
    request, floats, lowered, choice = model.request, model.float_model, model.lowered, model.choice
    source, recovered, samples = floats.source, floats.recovered, floats.samples
    measures, forms = proof.measures, request.target.forms
    return Report(
        model=source.name,
        target=request.target.name,
        recipe=choice.int8.recipe,
        machine=request.machine if len(model.ways) > 1 else replace(request.machine, kernels=None),
        checks=proof.checks,
        samples=Counts(len(samples.calibration), len(samples.selection), proof.count, source.unknown_tokens),
        accuracy=measures.scores.accuracy,
        size_mb={PYTORCH: floats.size_mb, **measures.size_mb},
        latency_ms=measures.latency_ms,
        memory_mb=measures.memory_mb,
        operators=choice.int8.operators,
        operator_times=measures.operator_times,
        placement=measures.placement,
        edge_cases=proof.edge_cases,
        nominal=request.target.candidates.paces is not None,
        fused={**recovered.applied, **lowered.applied},
        refused=tuple(Refusal(**asdict(place)) for place in (*recovered.refused, *lowered.refused)),
        layers=tuple(
            Layer(layer.module, layer.form, forms.noun(layer.form), layer.r2, layer.trained_grid)
            for layer in choice.int8.layers
        ),
        original=source.original,
        worst=proof.insight.worst,
        parts=module_parts(part.quantized.model for part in reversed(list(choice.int8.graphs.values()))),
        losses=proof.insight.losses,
        attention_maps=proof.insight.attention_maps,
        module_times=measures.module_times,
        other_ways=proof.other_ways,
        planted=proof.planted,
        trials=choice.trials,
        device=request.place.name,
        draft=request.objective.draft,
        notes=_notes(model, proof),
    )


def _notes(model: Int8Model, proof: Proof) -> tuple[str, ...]:
    request, floats, choice = model.request, model.float_model, model.choice
    return (
        *((DRAFT_NOTE,) if request.objective.draft else ()),
        *(_engine_notes(request.target, proof) if request.place.is_here else _device_notes(request)),
        *_unknown_placement(request.target, proof),
        *floats.captured.notes,
        *floats.recovered.notes,
        *floats.notes,
        *choice.notes,
        *kind_notes(proof.measures.scores.accuracy),
        *unseen_notes(proof.planted),
        *_convolution_notes(model, proof),
        *way_notes(proof.other_ways),
        *_scale_notes(choice, proof),
        *proof.notes,
        *undecided_notes(proof.checks, proof.count),
        *(() if all(check.ok for check in proof.checks) else choice.binding),
    )


def _device_notes(request: Request) -> tuple[str, ...]:
    """Say what was measured on a device, and what disturbed it."""
    place = request.place
    marks = (f"A measurement on {place.name} counts although {mark}." for mark in dict.fromkeys(place.marks))
    return (
        f"Latency, memory, sessions and golden samples are of device {place.name}; accuracy is of this "
        f"machine: {Machine.here()}.",
        *_nominal_notes(request.target),
        *marks,
    )


def _convolution_notes(model: Int8Model, proof: Proof) -> tuple[str, ...]:
    """Return a note on the convolutions that stay float, where they take a share that one notices."""
    share = convolutions(proof.measures.operator_times)
    if share < NOTABLE_TIME:
        return ()
    count = operators(model.main).get("Conv", 0)
    words = (
        f"{count} convolutions stay float and take" if count > 1 else "One convolution stays float and takes"
    )
    return (f"{words} {100 * share:.0f} % of the int8 graph's time.",)


def way_notes(ways: Iterable[OtherWay]) -> tuple[str, ...]:
    """Return what a bundle does not prove in other ways than the measured one, in a sentence each."""
    return tuple(f"{way.name.capitalize()}, {words}." for way in ways for words in _unproven(way))


def _unproven(way: OtherWay) -> Iterator[str]:
    limits = [check.name for check in way.checks if check.verdict != "pass"]
    cases = [case.name for case in way.edge_cases if not case.ok]
    if limits:
        yield f"the samples do not prove the limit{'s' * (len(limits) > 1)} on {', '.join(limits)}"
    if cases:
        yield f"the bundle fails edge case{'s' * (len(cases) > 1)} {', '.join(cases)}"


def _engine_notes(target: Target, proof: Proof) -> tuple[str, ...]:
    """Say where answers and times are not the device's own."""
    engine, nominal = target.engine, _nominal_notes(target)
    if proof.measured is None:
        missing = engine.host.missing() or ""
        return (
            f"Not run on {engine.providers[0]}: {missing}. Answers are of the stand-in.",
            *nominal,
        )
    if engine.host.emulated:
        return (f"Answers are of an emulator ({proof.measured}), whose latency means nothing.", *nominal)
    if engine.host is not HERE:
        return (f"Run on {proof.measured}.", *nominal)
    return nominal


def _nominal_notes(target: Target) -> tuple[str, ...]:
    nominal = target.candidates.paces is not None
    return ("Latencies of recipes are nominal: counted, not measured.",) if nominal else ()


def _unknown_placement(target: Target, proof: Proof) -> tuple[str, ...]:
    """Say that fallbacks are unknown, where there may be some: onnxruntime falls back without a word."""
    if proof.measures.placement is not None or has_one_provider(target):
        return ()
    return (f"What {target.engine.providers[0]} leaves to the CPU is not known: nothing reports it here.",)


def _scale_notes(choice: Choice, proof: Proof) -> tuple[str, ...]:
    """Return a note on the scale of what is compared: of a decoder its logits, not its cache."""
    generation = choice.int8.generation
    outputs = (
        output
        for sample in proof.golden.vectors.samples
        for name, output in sample.outputs.items()
        if generation is None or name == generation.logits
    )
    return scale_note(proof.measures.scores.accuracy.max_abs, outputs)


def scale_note(largest_difference: float, outputs: Iterable[NDArray[np.generic]]) -> tuple[str, ...]:
    """Return a note on how far the original's outputs reach, where int8 differs notably; at most one."""
    arrays = (np.asarray(output, np.float64) for output in outputs)
    reach = max((float(np.abs(each[np.isfinite(each)]).max(initial=0.0)) for each in arrays), default=0.0)
    if largest_difference < NOTABLE_DIFFERENCE * reach:
        return ()
    return (f"Outputs reach {reach:.2g} in the golden samples: the scale of the largest difference.",)
