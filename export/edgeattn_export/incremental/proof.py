"""Incremental graphs are handed out only where they answer as the whole model does, on the user's samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.agreement import Units, output_dims
from edgeattn_export.graph.fallback import finding
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.errors import EdgeAttnError

STEP_TOLERANCE = 1e-4  # of what a channel varies by, in float


@dataclass(frozen=True, slots=True)
class Case:
    """An input of the whole model, and the incremental graphs' answer to it."""

    inputs: Inputs
    division: str  # into calls, as the reason of a refusal begins
    answer: Callable[[], Outputs]  # some of the whole model's outputs


def disagreement(units: Units, expected: Outputs, actual: Outputs) -> str | None:
    """Say where some outputs differ from those that are expected, or return None where they agree."""
    return units.disagreement({name: expected[name] for name in actual}, actual, STEP_TOLERANCE)


def units_of(captured: Captured, answer: Outputs) -> Units:
    """Return the units in which a model's outputs are compared, of one of its answers."""
    return Units.of(output_dims(captured.graph), [answer])


def first_objection(captured: Captured, cases: Iterable[Case]) -> str | None:
    """Say which case is answered otherwise than by the whole model, or return None where there is none.

    A case that the whole model fails on, such as one longer than it takes, proves nothing.
    """
    whole = captured.engine.runner(captured.model)
    for case in cases:
        try:
            expected = whole(case.inputs)
        except EdgeAttnError:
            continue
        try:
            reason = disagreement(units_of(captured, expected), expected, case.answer())
        except EdgeAttnError as error:
            reason = finding(error)
        if reason:
            return f"{case.division}{reason}"
    return None
