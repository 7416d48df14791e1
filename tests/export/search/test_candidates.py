from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import nn

from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower import Lowered
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration
from edgeattn_export.quantize.recipes.recipe import EVERY, Recipe, Treatment
from edgeattn_export.search.candidates import NO_KERNELS, fitted_together, nominal, nominal_of
from edgeattn_export.targets.cpu import CANDIDATES, CPU, FORMS

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


def test_where_layers_fit_their_own_inputs_all_do() -> None:
    careful = Treatment("int4 blocks", CANDIDATES.careful)
    rounded = Treatment("int8", (("smoothing", 0.7), CANDIDATES.rounding))
    alone = {"up": rounded, "head": Treatment("float")}
    assert fitted_together(alone) == alone
    beside = fitted_together({**alone, "down": careful})
    (own,) = (each for each in CANDIDATES.careful if each[0] == "refit")
    expected = Treatment("int8", (own, *rounded.techniques))
    assert beside == {"up": expected, "head": Treatment("float"), "down": careful}


def test_the_rule_of_a_draft_is_that_of_installed_kernels_first(known: Calibration) -> None:
    layer = known.layers[0]
    stock, kernels = (replace(CANDIDATES, kernels=each) for each in (NO_KERNELS, CPU.kernels))
    assert stock.by_rule(layer, FORMS).form == "int8 per token"
    assert kernels.by_rule(layer, FORMS).form == "kernel int8 per token"
    assert replace(stock, rule=()).by_rule(layer, FORMS) == stock.fastest


def test_a_layer_that_a_rule_does_not_fit_gets_the_next(known: Calibration) -> None:
    blocks = Treatment("int4 blocks")
    candidates = replace(CANDIDATES, rule=(blocks, Treatment("int8")))
    whole, broken = (replace(known.layers[0], width=width) for width in (64, 65))  # blocks are of 32
    assert candidates.by_rule(whole, FORMS) == blocks
    assert candidates.by_rule(broken, FORMS) == Treatment("int8")


@pytest.mark.parametrize("form", ["int4 blocks", "int4 blocks of 64"])
def test_fewer_bits_are_treated_with_more_care(form: str) -> None:
    finished = CANDIDATES.finished(Treatment(form), FORMS)
    assert finished == Treatment(form, CANDIDATES.careful)
    assert CANDIDATES.finished(Treatment("int8"), FORMS) == Treatment("int8", (CANDIDATES.rounding,))


class LogEnergies(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bank, self.head = nn.Linear(32, 32), nn.Linear(32, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.log(self.bank(x).square() + 1e-5))  # (B, 32)


def test_what_a_logarithm_is_of_stays_float(exported: Export) -> None:
    captured, samples = exported(LogEnergies(), [{"x": torch.randn(1, 32)} for _ in range(4)])
    recipe = CANDIDATES.recipe_by_rule(Calibration(captured.model, samples, ORT_CPU, FORMS))
    assert recipe.treatment("bank").form == "float"
    assert recipe.treatment("head").form == "int8 per token"
