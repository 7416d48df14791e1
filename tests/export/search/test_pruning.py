from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from glob import escape
from pathlib import Path

import numpy as np
import pytest

from edgeattn_export.quantize import Recipe, Treatment
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.search import Goal, Rig, search
from edgeattn_export.search.choose import Option, Problem
from edgeattn_export.search.error_meter import ErrorMeter
from edgeattn_export.search.goal import MEAN_SHARE, NO_LIMIT, WORST_SHARE
from edgeattn_export.search.promise import promised_errors
from edgeattn_export.search.pruning import Site, sites, without_pruned
from edgeattn_export.search.repair import counted_errors
from edgeattn_export.search.rig import silent
from edgeattn_export.search.units import Unit, groups
from edgeattn_export.targets.cpu import FORMS

MakeRig = Callable[[Path | None], Rig]
Give = Callable[[Mapping[str, float]], None]
LIMITED = Goal(r2=0.4, r2_min=-0.2, latency_ms=1.0)


@pytest.fixture(scope="module")
def meter(part: FloatGraph, rig: MakeRig) -> ErrorMeter:
    return ErrorMeter(part, rig(None))


@pytest.fixture(scope="module")
def site(meter: ErrorMeter) -> Site:
    """The neurons of the first block."""
    first, second = sites(meter, LIMITED, silent)
    assert (first.units.count, second.units.count) == (128, 128)
    return first


def problem_of(units: tuple[Unit, ...], *forms: str) -> Problem:
    options = [Option(Treatment(form), np.zeros(1), 1.0, 1.0) for form in forms]
    return Problem({unit.name: options for unit in units}, LIMITED, 0.0)


def test_without_a_limit_on_time_or_size_nothing_may_go(meter: ErrorMeter) -> None:
    assert sites(meter, replace(LIMITED, latency_ms=math.inf), silent) == ()


def test_what_goes_is_spared_where_it_is_read_and_made(meter: ErrorMeter, site: Site) -> None:
    units = groups(meter.calibration.layers)
    (all_stay, *fewer) = site.options(units, problem_of(units, "int8"), FORMS)
    assert (all_stay.treatment, dict.fromkeys(all_stay.spared, 0.0)) == (
        Treatment("neurons"),
        all_stay.spared,
    )
    assert [sum(removed for _, removed in each.treatment.techniques) for each in fewer] == [0.25, 0.5, 0.75]
    for option in fewer:
        ((pattern, share),) = option.treatment.techniques
        assert pattern == escape(site.reader)
        assert option.spared == {unit.name: share / 2 for unit in units if len(unit.layers) == 2}
        assert (option.milliseconds, option.megabytes) == (0.0, 0.0)


def test_what_is_lost_grows_as_the_closed_form_has_it(meter: ErrorMeter, site: Site) -> None:
    lost = meter.calibration.surgeon.ranking(site.reader).lost
    measured = meter.spoiled(Recipe("", (), (), ((escape(site.reader), 0.25),)))
    assert measured.mean() > 0
    np.testing.assert_allclose(site.spoiled[32], measured)
    np.testing.assert_allclose(site.spoiled[96], measured * lost[95] / lost[31])
    assert not site.spoiled[0].any()


def test_no_more_go_than_every_form_on_offer_takes(meter: ErrorMeter, site: Site) -> None:
    units = groups(meter.calibration.layers)
    (all_stay, *fewer) = site.options(units, problem_of(units, "int8", "int4 blocks of 64"), FORMS)
    assert all_stay.treatment.techniques == ()
    assert [option.treatment.techniques[0][1] for option in fewer] == [0.5]  # else no whole blocks


def test_a_recipe_says_in_its_name_what_is_gone(meter: ErrorMeter, site: Site) -> None:
    units = groups(meter.calibration.layers)
    (all_stay, fewer, *_) = site.options(units, problem_of(units, "int8"), FORMS)
    plain = Recipe("3 int8", (), ())
    assert without_pruned(meter, plain, {site.name: all_stay}) == plain
    narrower = without_pruned(meter, plain, {site.name: fewer})
    assert narrower.name == "3 int8, 32 of 256 neurons pruned"
    assert narrower.pruning == ((escape(site.reader), 0.25),)


def test_of_a_narrower_graph_what_its_samples_promise_counts(meter: ErrorMeter, site: Site) -> None:
    whole = Recipe("", (("*", Treatment("int8")),), ())
    errors = meter.errors(whole)
    assert counted_errors(meter, whole) == (errors.mean(), errors.max())
    narrower = replace(whole, pruning=((escape(site.reader), 0.5),))
    errors, (mean, worst) = meter.errors(narrower), counted_errors(meter, narrower)
    promised = promised_errors(errors)
    assert mean == max(errors.mean(), MEAN_SHARE * promised.mean)
    assert worst == max(errors.max(), WORST_SHARE * promised.worst)


def test_neurons_go_as_far_as_exactness_allows(part: FloatGraph, rig: MakeRig, timed: Give) -> None:
    timed(dict.fromkeys(FORMS.linear, 1e-3))
    searched = [
        search(part, replace(LIMITED, prefer="size", r2=mean, r2_min=worst), rig(None))
        for mean, worst in ((0.0, -0.8), (0.96, 0.9))
    ]
    loose, tight = (each.chosen for each in searched)
    assert [each.missed for each in searched] == [(), ()]
    assert loose.size_mb < tight.size_mb
    assert loose.recipe.pruning
    assert "of 256 neurons pruned" in loose.recipe.name


@pytest.mark.parametrize(
    ("limits", "r2", "allowed"),
    [((0.9999, 0.999), "R²", "8e-05"), ((NO_LIMIT, 0.9999), "worst sample's R²", "5e-05")],
)
def test_nothing_goes_where_nothing_may_be_lost_and_the_figures_are_said(
    part: FloatGraph,
    rig: MakeRig,
    timed: Give,
    limits: tuple[float, float],
    r2: str,
    allowed: str,
) -> None:
    timed(dict.fromkeys(FORMS.linear, 1e-3))
    found = search(part, Goal(*limits, latency_ms=1.0), rig(None))
    assert not any(trial.recipe.pruning for trial in found.trials)
    (note,) = (each for each in found.notes if each.startswith("All heads and neurons stay"))
    assert note.startswith(f"All heads and neurons stay: the {r2} would lose about 0.")
    assert f"without a quarter of all neurons, where it may lose {allowed} and loses" in note


def test_a_size_that_no_form_reaches_is_met_with_fewer_neurons(
    part: FloatGraph, rig: MakeRig, timed: Give
) -> None:
    timed(dict.fromkeys(FORMS.linear, 1e-3))
    goal = Goal(r2=0.2, r2_min=-0.4, prefer="size")
    smallest = min(trial.size_mb for trial in search(part, goal, rig(None)).trials)
    found = search(part, replace(goal, size_mb=0.9 * smallest, thorough=True), rig(None))
    assert found.missed == ()
    assert found.chosen.recipe.pruning
    assert found.chosen.size_mb <= 0.9 * smallest
    assert np.isfinite(found.chosen.r2)
    assert math.isfinite(found.chosen.latency_ms)
