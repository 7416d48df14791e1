from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeattn_export.graph.files import file_mb
from edgeattn_export.quantize import Recipe, Treatment
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.search import Goal, Rig, Trial, search
from edgeattn_export.search.error_meter import ErrorMeter, race
from edgeattn_export.search.pruning import pruned
from edgeattn_export.search.rig import silent
from edgeattn_export.targets.cpu import FORMS

WHOLE = Recipe("whole", (("*", Treatment("int8 per token", (("smoothing", 0.6),))),), ())

MakeRig = Callable[[Path | None], Rig]


@pytest.fixture(scope="module")
def trial(part: FloatGraph, rig: MakeRig) -> tuple[ErrorMeter, Trial]:
    """A recipe that prunes nothing, proven."""
    meter = ErrorMeter(part, rig(None))
    (proven,) = race(meter, [WHOLE])
    return meter, proven


def test_neurons_go_as_far_as_exactness_allows(trial: tuple[ErrorMeter, Trial]) -> None:
    meter, whole = trial
    loose = Goal(cosine_mean=0.7, cosine_min=0.4, latency_ms=1.0)
    tight = Goal(cosine_mean=0.98, cosine_min=0.95, latency_ms=1.0)
    sizes = []
    for goal in (loose, tight):
        found = pruned(meter, goal, whole, silent)
        assert found.notes == ()
        errors = meter.errors(found.recipes[-1])
        assert goal.allows(float(errors.mean()), float(errors.max()))
        sizes.append(file_mb(meter.model(found.recipes[-1])))
        assert "of 256 neurons pruned" in found.recipes[-1].name
    assert sizes[0] < sizes[1] < whole.size_mb


def test_nothing_goes_where_nothing_may_be_lost_and_the_figures_are_said(
    trial: tuple[ErrorMeter, Trial],
) -> None:
    meter, whole = trial
    found = pruned(meter, Goal(cosine_mean=0.9999, cosine_min=0.999, latency_ms=1.0), whole, silent)
    assert found.recipes == ()
    (note,) = found.notes
    assert note.startswith("All heads and neurons stay: the cosine would lose about 0.")
    assert "without a quarter of all neurons, where it may lose 2e-05" in note


def test_nothing_goes_without_a_limit_on_time_or_size(
    trial: tuple[ErrorMeter, Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    meter, whole = trial
    monkeypatch.setattr(ErrorMeter, "spoiled", lambda *_: pytest.fail("nothing is tried"))
    found = pruned(meter, Goal(cosine_mean=0.5, cosine_min=0.1), whole, silent)
    assert (found.recipes, found.notes) == ((), ())


def test_a_size_that_no_form_reaches_is_met_with_fewer_neurons(
    part: FloatGraph, rig: MakeRig, timed: Callable[[Mapping[str, float]], None]
) -> None:
    timed(dict.fromkeys(FORMS.linear, 1e-3))
    goal = Goal(cosine_mean=0.6, cosine_min=0.3, prefer="size")
    smallest = min(trial.size_mb for trial in search(part, goal, rig(None)).trials)
    found = search(part, replace(goal, size_mb=0.9 * smallest, thorough=True), rig(None))
    assert found.missed == ()
    assert found.chosen.recipe.pruning
    assert found.chosen.size_mb <= 0.9 * smallest
    assert np.isfinite(found.chosen.cosine_mean)
    assert math.isfinite(found.chosen.latency_ms)
