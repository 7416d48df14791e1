"""Layers cut out of the graph that treats them answer what they answer inside it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.values import with_outputs
from edgeattn_export.lower import Lowered
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Treatment
from edgeattn_export.quantize.quantize import written
from edgeattn_export.recover import recover
from edgeattn_export.search.cut import cut
from edgeattn_export.search.units import Unit
from edgeattn_export.targets.cpu import FORMS

CutOut = Callable[[str, Treatment], tuple[ir.Model, ir.Model]]
EXACT = 1e-5  # of the largest number
INT8, FLOAT = Treatment("int8"), Treatment("float")
SMOOTHED = Treatment("int8", (("smoothing", 0.7),))
SPLIT = Treatment("int8", (("smoothing", 0.4), ("channel splitting", 1.0)))
OUTLIERS = Treatment("int8", (("outlier channels", 1.0),))


@pytest.fixture(scope="module")
def known(lowered: Lowered, samples: Samples) -> Calibration:
    """The tiny encoder."""
    return Calibration(lowered.model, samples, ORT_CPU, FORMS)


@pytest.fixture(scope="module")
def cut_out(known: Calibration) -> CutOut:
    """A function that treats a layer and cuts it out; it returns the whole graph too."""

    def made(name: str, treatment: Treatment) -> tuple[ir.Model, ir.Model]:
        layers = tuple(layer for layer in known.layers if layer.name == name)
        whole = written(known, Unit(name, layers).isolated(treatment))
        return cut(known.model, whole, layers), whole

    return made


@pytest.mark.parametrize(
    ("name", "treatment", "expected"),
    [
        ("query+key+value", FLOAT, {"MatMul": 1, "Add": 1, "Split": 1}),
        ("query+key+value", INT8, {"DynamicQuantizeLinear": 1, "MatMulIntegerToFloat": 3}),
        ("up", INT8, {"DynamicQuantizeMatMul": 1}),
        ("up", SMOOTHED, {"Mul": 1, "DynamicQuantizeMatMul": 1}),
        ("output", SMOOTHED, {"DynamicQuantizeMatMul": 1, "Sum": 1}),  # the values do, though they are float
        ("output", SPLIT, {"Gather": 1, "Concat": 1, "Mul": 1, "DynamicQuantizeMatMul": 1, "Sum": 1}),
        ("down", FLOAT, {"MatMul": 1, "Add": 1, "Sum": 1}),
        ("down", OUTLIERS, {"MatMul": 2, "Add": 1, "Gelu": 1, "DynamicQuantizeMatMul": 1, "Sum": 2}),
    ],
)
def test_a_layer_is_cut_out_with_all_that_its_treatment_computes(
    name: str,
    treatment: Treatment,
    expected: dict[str, int],
    cut_out: CutOut,
) -> None:
    alone, _ = cut_out(name, treatment)
    assert operators(alone) == expected


@pytest.mark.parametrize("treatment", [FLOAT, INT8, SPLIT, OUTLIERS], ids=str)
@pytest.mark.parametrize("name", ["query+key+value", "output", "up", "down"])
def test_it_answers_as_inside_the_whole(
    name: str,
    treatment: Treatment,
    samples: Samples,
    cut_out: CutOut,
) -> None:
    alone, whole = cut_out(name, treatment)
    ends = [value.name or "" for value in alone.graph.outputs]
    given = [value.name or "" for value in alone.graph.inputs]
    inside = ORT_CPU.runner(with_outputs(whole, [*given, *ends]))(samples[0].inputs)
    found = ORT_CPU.runner(alone)(inside)
    for end in ends:
        assert np.abs(found[end] - inside[end]).max() <= EXACT * np.abs(inside[end]).max()


def test_every_form_of_a_layer_ends_at_the_same_values(cut_out: CutOut) -> None:
    for name in ("query+key+value", "output", "down"):
        cuts = (cut_out(name, treatment)[0] for treatment in (FLOAT, INT8, OUTLIERS))
        ends = {tuple(value.name for value in alone.graph.outputs) for alone in cuts}
        assert len(ends) == 1


def test_layers_that_follow_one_another_are_cut_out_as_a_chain(exported: Export) -> None:
    raw = [{"input": torch.randn(1, length, 8)} for length in (2, 3, 4)]
    captured, samples = exported(nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8)), raw)
    known = Calibration(recover(captured, samples).model, samples, ORT_CPU, FORMS)
    whole = written(known, Unit("both", known.layers).isolated(INT8))
    alone = cut(known.model, whole, known.layers)
    assert operators(alone) == {"DynamicQuantizeMatMul": 2}
    assert len(alone.graph.inputs) == 1


WIDTH = 8


class Mixed(nn.Module):
    """A pointwise convolution after a depthwise one, one before it, and one with no neighbor."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.depthwise = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH)
        self.before, self.after, self.alone = (nn.Conv2d(WIDTH, WIDTH, 1) for _ in range(3))
        self.linear = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        found = self.after(torch.nn.functional.silu(self.depthwise(torch.relu(self.before(x)))))
        return self.alone(self.linear(found.flatten(2).transpose(1, 2)).transpose(1, 2).reshape_as(x))


@pytest.fixture(scope="module")
def mixed(exported: Export) -> Calibration:
    torch.manual_seed(0)
    captured, samples = exported(Mixed(), [{"x": torch.randn(batch, WIDTH, 4, 4)} for batch in (1, 2, 3)])
    return Calibration(recover(captured, samples).model, samples, ORT_CPU, FORMS)


@pytest.mark.parametrize(
    ("name", "float_convolutions", "int8_convolutions"),
    [("before", 2, 1), ("after", 2, 1), ("alone", 1, 0), ("linear", 0, 0)],
)
def test_a_neighbor_is_cut_out_with_a_layer(
    mixed: Calibration, name: str, float_convolutions: int, int8_convolutions: int
) -> None:
    layers = tuple(layer for layer in mixed.layers if layer.name == name)
    for form, expected in (("float", float_convolutions), ("int8", int8_convolutions)):
        model = cut(mixed.model, written(mixed, Unit(name, layers).isolated(Treatment(form))), layers)
        assert operators(model).get("Conv", 0) == expected
        ORT_CPU.runner(model)
