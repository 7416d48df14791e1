"""Convolutions whose windows do not overlap are linear layers: matched, and written in every form."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
import torch
from draws import drawn_seed
from fixture_types import Export
from onnx_ir.tape import Tape
from tapes import model_of
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Recipe, Treatment
from edgeattn_export.quantize.layers.layout import LAST, ChannelsFirst, Layout, Patches
from edgeattn_export.quantize.layers.match import find_layers
from edgeattn_export.quantize.quantize import written
from edgeattn_export.quantize.recipes.recipe import EVERY
from edgeattn_export.recover import Recovered, recover
from edgeattn_export.targets.cpu import FORMS
from edgeattn_runtime.bundle.deviation import cosine

WIDTH, SIDE = 8, 6
INT8_COSINE = 0.9995
EXACT = 1e-5

FIT = {
    "pointwise": (lambda: nn.Conv2d(WIDTH, 12, 1), ChannelsFirst(2), WIDTH),
    "unbiased": (lambda: nn.Conv2d(WIDTH, 12, 1, bias=False), ChannelsFirst(2), WIDTH),
    "patches": (lambda: nn.Conv2d(WIDTH, 12, 2, stride=2), Patches(WIDTH, (3, 3), (2, 2)), WIDTH * 4),
    "oblong": (lambda: nn.Conv2d(WIDTH, 12, (3, 2), stride=(3, 2)), Patches(WIDTH, (2, 3), (3, 2)), 48),
}
OTHERS = {
    "overlapping": lambda: nn.Conv2d(WIDTH, 12, 3, padding=1),
    "depthwise": lambda: nn.Conv2d(WIDTH, WIDTH, 1, groups=WIDTH),
    "strided": lambda: nn.Conv2d(WIDTH, 12, 1, stride=2),
    "padded": lambda: nn.Conv2d(WIDTH, 12, 1, padding=1),
    "dilated": lambda: nn.Conv2d(WIDTH, 12, 2, stride=2, dilation=2),
    "with_a_rest": lambda: nn.Conv2d(WIDTH, 12, 4, stride=4),
}


class Convolutions(nn.Module):
    """Each output is one convolution's; ``sound`` has one axis."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        parts = {name: make() for name, (make, _, _) in FIT.items()} | {n: m() for n, m in OTHERS.items()}
        self.parts = nn.ModuleDict(parts)
        self.sound = nn.Conv1d(WIDTH, 12, 1)

    def forward(self, x: Tensor, sound: Tensor) -> dict[str, Tensor]:
        found = {f"{name}.output": part(x) for name, part in self.parts.items()}
        return {**found, "sound.output": self.sound(sound)}


Made = tuple[Captured, Samples, Recovered]


@pytest.fixture(scope="module")
def convolutions(exported: Export) -> Made:
    torch.manual_seed(drawn_seed(0))
    sizes = ((1, 5), (2, 9), (3, 4), (1, 7))
    raw = [
        {"x": torch.randn(batch, WIDTH, SIDE, SIDE), "sound": torch.randn(batch, WIDTH, length)}
        for batch, length in sizes
    ]
    captured, samples = exported(Convolutions(), raw)
    return captured, samples, recover(captured, samples)


def test_what_does_not_overlap_is_matched_and_nothing_else(convolutions: Made) -> None:
    found = {layer.module.removeprefix("parts."): layer for layer in find_layers(convolutions[2].model)}
    assert sorted(found) == sorted([*FIT, "sound"])
    for name, (_, layout, width) in FIT.items():
        assert (found[name].layout, found[name].width, found[name].channels) == (layout, width, 12)
    assert found["sound"].layout == ChannelsFirst(1)


@pytest.mark.parametrize(
    ("form", "techniques"),
    [
        ("int8", ()),
        ("int8", (("smoothing", 0.5), ("rounding", 0.1))),
        ("int8", (("outlier channels", 0.9),)),
        ("int8", (("channel splitting", 0.9),)),
        ("int8 static", ()),
        ("int8 per token", ()),
        ("residual int8", ()),
    ],
)
def test_int8_answers_nearly_alike(
    convolutions: Made, form: str, techniques: tuple[tuple[str, float], ...]
) -> None:
    captured, samples, recovered = convolutions
    known = Calibration(recovered.model, samples, ORT_CPU, FORMS)
    model = written(known, Recipe("", ((EVERY, Treatment(form, techniques)),), ()))
    assert operators(model)["Conv"] == len(OTHERS)
    runner = ORT_CPU.runner(model)
    for sample in samples:
        expected, found = captured.reference(sample.inputs), runner(sample.inputs)
        for name in expected:
            assert found[name].shape == expected[name].shape
            assert cosine(expected[name], found[name]) > INT8_COSINE


@pytest.mark.parametrize(
    ("layout", "shape"),
    [
        (LAST, (2, 5, 8)),
        (ChannelsFirst(1), (2, 8, 5)),
        (ChannelsFirst(2), (2, 8, 4, 6)),
        (Patches(8, (2, 3), (2, 2)), (2, 8, 4, 6)),
        (Patches(8, (5,), (3,)), (2, 8, 15)),
        (Patches(4, (2, 1, 3), (1, 2, 2)), (2, 4, 2, 2, 6)),
    ],
)
def test_the_graph_makes_the_rows_that_numpy_does(layout: Layout, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(drawn_seed(0)).standard_normal(shape).astype(np.float32)
    tape, source = Tape(), ir.val("x", ir.DataType.FLOAT, shape)
    rows = tape.op("Identity", [layout.enter(tape, source)], output=ir.val("rows", ir.DataType.FLOAT))
    back = tape.op("Identity", [layout.leave(tape, rows)], output=ir.val("back", ir.DataType.FLOAT))
    found = ORT_CPU.runner(model_of(tape, [source], [rows, back]))({"x": x})
    np.testing.assert_array_equal(found["rows"], layout.rows(x))
    if not isinstance(layout, Patches):
        np.testing.assert_array_equal(found["back"], x)
    else:
        assert found["back"].shape == (len(x), found["rows"].shape[-1], *layout.counts)
