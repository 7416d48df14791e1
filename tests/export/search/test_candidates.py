from __future__ import annotations

import numpy as np
import pytest

from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower import Lowered
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration
from edgeattn_export.quantize.recipe import EVERY, Recipe, Treatment
from edgeattn_export.search.candidates import nominal, nominal_of
from edgeattn_export.targets.cpu import FORMS

PACES = {"int8": 30.0, "float": 90.0, "outlier channels": 5.0}


@pytest.fixture
def known(lowered: Lowered, samples: Samples) -> Calibration:
    return Calibration(lowered.model, samples, ORT_CPU, FORMS)


@pytest.mark.parametrize(
    ("treatment", "pace"),
    [
        (Treatment("int8"), 30),
        (Treatment("int8", (("smoothing", 0.5),)), 30),
        (Treatment("int8", (("smoothing", 0.5), ("outlier channels", 0.4))), 35),
    ],
)
def test_a_layer_costs_its_products_at_the_pace_of_its_form_and_techniques(
    known: Calibration, samples: Samples, treatment: Treatment, pace: float
) -> None:
    layer = known.layers[0]
    rows = np.mean([sample.inputs["tokens"].size for sample in samples])
    expected = rows * layer.width * layer.channels * pace * 1e-9  # milliseconds, of nanoseconds of 1,000
    assert nominal(known, [layer], treatment, PACES) == pytest.approx(expected)


def test_a_graph_costs_all_its_layers(known: Calibration) -> None:
    quick, slow = (
        nominal_of(known, Recipe("", ((EVERY, Treatment(form)),), ()), PACES) for form in ("int8", "float")
    )
    assert slow == pytest.approx(3 * quick)
