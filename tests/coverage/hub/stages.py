"""A family's way through the workshop: built, exported to int8, compared with PyTorch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from forms.form import Form
from hub.building import Built, built
from hub.inputs import samples
from hub.outcome import Record
from measures import Array, errors
from row import Row, taken_through

from edgeattn_export.capture import read_samples
from edgeattn_export.incremental import Steps, derive_steps
from edgeattn_export.incremental.stages import is_decoder
from edgeattn_export.quantize import Calibration, quantize
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.search import Goal, Rig, Store
from edgeattn_export.search.search import search
from edgeattn_export.targets.cpu import CPU
from edgeattn_runtime.bundle.deviation import cosine

FLOAT_ERROR = 1e-4  # of the output's largest number
INT8_COSINE = 0.99
CALIBRATION, EVALUATION, SELECTION = 0, 1, 2  # seeds


def take(record: Record) -> None:
    """Take a family through the workshop, noting each stage and what came of it.

    Raises:
        NotBuiltError: It has no model to take.
        EdgeAttnError: The workshop refuses it.
    """
    found = built(record.outcome.family)
    record.note(inputs=tuple(found.makers), attentions=found.attentions)
    if not found.attentions:
        record.note(fate="no attention")
        return
    name, library = record.outcome.family.name, record.outcome.family.library
    form = Form(
        name, lambda: found.module, family=library, samples=lambda: samples(found.makers, CALIBRATION)
    )
    row = taken_through(form, found.module, lambda stage: record.note(stage=stage))
    record.note(whole=row.attentions, reason="; ".join(row.reasons), stage="cache", cache=_cache(row))
    record.note(stage="compare")
    found_errors = errors(row, lambda _, expected, found: share(expected, found))
    worst = max(found_errors, key=lambda call: found_errors[call])
    record.note(error=found_errors[worst], cosine=_evaluated(row, found))
    if found_errors[worst] > FLOAT_ERROR:
        record.note(fate="inexact", reason=f"another answer than PyTorch's on {worst}")
        return
    if record.outcome.cosine < INT8_COSINE:
        record.note(stage="search")
        record.note(cosine=_evaluated(_searched(row, found), found), searched=True)
    record.note(fate="passing" if record.outcome.cosine >= INT8_COSINE else "inexact")


def share(expected: Array, found: Array) -> float:
    """Return the largest difference, as a share of the largest number; infinite for a NaN or other dims.

    An infinity that both hold in one place, as detectors do for what they leave out, is no difference.
    """
    if expected.shape != found.shape:
        return float("inf")
    counted = ~(np.isinf(expected) & (expected == found))
    a, b = (array.astype(np.float64)[counted] for array in (expected, found))
    difference, scale = np.abs(a - b).max(initial=0.0), np.abs(a).max(initial=0.0) or 1.0
    return float(difference / scale) if np.isfinite(difference) else float("inf")


def _evaluated(row: Row, found: Built) -> float:
    """Return the lowest cosine of an int8 output to PyTorch's, on samples that chose nothing.

    Answers of a random network to a few random inputs hardly vary, so that R² would say little of int8.
    """
    runner = CPU.engine.runner(row.quantized.model)
    cosines = []
    for sample in read_samples(found.module, samples(found.makers, EVALUATION)):
        outputs = runner(sample.inputs)
        expected = row.captured.reference(sample.inputs)
        cosines += [cosine(value, outputs[output]) for output, value in expected.items()]
    return min(cosines)


def _searched(row: Row, found: Built) -> Row:
    """Return the row in the recipe that an export would come to; plain int8 is what most of them do."""
    calibration = Calibration(row.lowered.model, row.samples, CPU.engine, CPU.forms)
    selection = read_samples(found.module, samples(found.makers, SELECTION))
    float_graph = FloatGraph(calibration, selection, row.captured.graph)
    with TemporaryDirectory() as folder:
        chosen = search(float_graph, Goal(), Rig(CPU.candidates, "here", Store(Path(folder)))).chosen
    return replace(row, quantized=quantize(calibration, chosen.recipe))


def _cache(row: Row) -> str:
    if not is_decoder(row.captured, row.samples):
        return ""
    steps = derive_steps(row.captured, row.recovered, row.samples)
    return "yes" if isinstance(steps, Steps) else steps.reason
