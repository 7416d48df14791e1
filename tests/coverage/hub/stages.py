"""A family's way through the workshop: built, exported to int8, compared with PyTorch."""

from __future__ import annotations

from dataclasses import replace

from forms.form import Form
from hub.building import built
from hub.inputs import samples
from hub.outcome import Record
from measures import errors, int8_cosine
from row import Row, taken_through

from edgeattn_export.cache import Steps, derive_steps
from edgeattn_export.cache.with_cache import is_decoder
from edgeattn_export.capture import read_samples

FLOAT_ERROR = 1e-4  # of the output's largest number
INT8_COSINE = 0.99
CALIBRATION, EVALUATION = 0, 1  # seeds


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
    found_errors = errors(row)
    evaluated = replace(row, samples=read_samples(found.module, samples(found.makers, EVALUATION)))
    worst = max(found_errors, key=lambda call: found_errors[call])
    record.note(error=found_errors[worst], cosine=int8_cosine(evaluated))
    if found_errors[worst] > FLOAT_ERROR:
        record.note(fate="inexact", reason=f"another answer than PyTorch's on {worst}")
    else:
        record.note(fate="passing" if record.outcome.cosine >= INT8_COSINE else "inexact")


def _cache(row: Row) -> str:
    if not is_decoder(row.captured, row.samples):
        return ""
    steps = derive_steps(row.captured, row.recovered, row.samples)
    return "yes" if isinstance(steps, Steps) else steps.reason
