"""What is measured of treatments: what they spoil beyond the graph itself, and what they store."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeattn_export.graph.files import weight_bytes
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Recipe, Treatment
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.quantize.forms.qdq.linear_qdq import QDQ8, QDQ_WEIGHTS
from edgeattn_export.quantize.recipes.recipe import EVERY
from edgeattn_export.search import Rig, Store
from edgeattn_export.search.choose import Option
from edgeattn_export.search.error_meter import ErrorMeter
from edgeattn_export.search.options import UNTREATED, UNTRIED, priced, tried, tried_embedding
from edgeattn_export.search.rig import silent
from edgeattn_export.search.units import groups
from edgeattn_export.targets.cpu import CPU
from edgeattn_export.targets.qnn import CANDIDATES, QNN

PLAIN = Treatment("int8")
COPIED = Treatment("int8", (("channel splitting", 0.5),))
SPLIT_OFF = Treatment("int8", (("outlier channels", 0.4),))


@pytest.fixture(scope="module")
def meter(part: FloatGraph) -> ErrorMeter:
    known = part.calibration
    whole = Calibration(known.model, known.samples, ORT_CPU, QNN.forms)
    return ErrorMeter(replace(part, calibration=whole), Rig(CANDIDATES, "this device", Store(None)))


def _every(form: str) -> Recipe:
    return Recipe("", ((EVERY, Treatment(form)),), ())


def test_what_a_layer_spoils_is_beyond_what_the_graph_does(meter: ErrorMeter) -> None:
    assert meter.base.min() > 0
    chosen = list(meter.sensed)
    errors = {form: meter.errors(_every(form))[chosen] for form in (QDQ8.name, QDQ_WEIGHTS.name)}
    for form, its in errors.items():
        np.testing.assert_allclose(meter.spoiled(_every(form)), np.maximum(its - meter.base, 0))
    assert not meter.spoiled(_every("float")).any()


def test_a_choice_counts_it_once_with_its_embedding(meter: ErrorMeter) -> None:
    table, *_ = CANDIDATES.embeddings
    option = tried_embedding(meter, Option(Treatment(table), UNTRIED, 0.0, 0.0))
    assert (option.errors >= meter.base).all()


def test_a_graph_of_floats_spoils_nothing_by_itself(part: FloatGraph) -> None:
    plain = ErrorMeter(part, Rig(replace(CANDIDATES), "this device", Store(None)))
    plain.__dict__["sensed"] = (0, 1)
    assert not plain.base.any()


@pytest.mark.parametrize("treatment", [COPIED, SPLIT_OFF], ids=["copied", "split off"])
def test_channels_beside_a_layers_own_count(part: FloatGraph, treatment: Treatment) -> None:
    meter = ErrorMeter(part, Rig(CPU.candidates, "this device", Store(None)))
    unit = groups(part.calibration.layers)[0]
    options = [
        tried(meter, unit, each) for each in priced(meter, {unit: [PLAIN, treatment]}, silent)[unit.name]
    ]
    plain, beside = (option.megabytes for option in options)
    assert plain < beside
    models = [meter.model(recipe) for recipe in (unit.isolated(treatment), UNTREATED)]
    grown = (weight_bytes(models[0]) - weight_bytes(models[1])) / 1e6
    whole = (
        sum(4 * (layer.width + 1) * layer.channels for layer in unit.layers) / 1e6
    )  # float weights, biases
    assert beside == pytest.approx(whole + grown, abs=whole / 100)
