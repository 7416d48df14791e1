from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention, silu

from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower import lower
from edgeattn_export.lower.ort_cpu import LOWERINGS, ORT_CPU
from edgeattn_export.quantize import Calibration, Recipe, Treatment, quantize
from edgeattn_export.quantize.quantize import written
from edgeattn_export.recover import Recovered, recover
from edgeattn_export.targets.cpu import FORMS
from edgeattn_runtime.errors import RecipeError

WIDTH, HEADS, INNER = 8, 4, 16  # channels, heads, and what all heads have together
HIDDEN = 10  # neurons


class Grouped(nn.Module):
    """Attention whose pairs of queries share keys and values; the last pair is idle."""

    def __init__(self, *, bias: bool = True) -> None:
        super().__init__()
        self.query, self.output = nn.Linear(WIDTH, INNER, bias=bias), nn.Linear(INNER, WIDTH, bias=bias)
        self.key, self.value = (nn.Linear(WIDTH, INNER // 2, bias=bias) for _ in range(2))
        with torch.no_grad():
            self.output.weight[:, INNER // 2 :] = 0

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q, k, v = (
            layer(x).view(x.size(0), -1, heads, INNER // HEADS).transpose(1, 2)
            for layer, heads in ((self.query, HEADS), (self.key, HEADS // 2), (self.value, HEADS // 2))
        )
        mask = seen[:, None, None, :] != 0
        k, v = (each.repeat_interleave(2, 1) for each in (k, v))
        answer: Tensor = self.output(self.mixed(q, k, v, mask).transpose(1, 2).flatten(2))
        return answer

    def mixed(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v, mask)


class Slopes(Grouped):
    """The same with a bias for each head."""

    def mixed(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        slopes = torch.arange(1.0, HEADS + 1)[:, None, None]  # (H, 1, 1)
        bias = torch.where(mask, slopes * torch.arange(k.size(2)), -torch.inf)  # (B, H, 1, T)
        return scaled_dot_product_attention(q, k, v, bias)


class Neurons(nn.Module):
    """A feed-forward block, the first four of whose neurons are idle."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)
        with torch.no_grad():
            self.down.weight[:, :4] = 0

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        answer: Tensor = self.down(nn.functional.gelu(self.up(x)))
        return answer


class Gated(Neurons):
    """The same with a gate from the same product, and a scale for each neuron."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(WIDTH, 2 * HIDDEN, bias=False)
        self.scale = nn.Parameter(torch.linspace(1, 2, HIDDEN))

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        gate, up = self.up(x).chunk(2, -1)
        answer: Tensor = self.down(silu(gate) * up * self.scale)
        return answer


class Tapped(Neurons):
    """The same, whose neurons someone else reads."""

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        hidden = nn.functional.gelu(self.up(x))
        answer: Tensor = self.down(hidden) + hidden.mean(-1, keepdim=True)
        return answer


class Twice(Neurons):
    """The same, used twice."""

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return super().forward(super().forward(x, seen), seen)


PARTS = {
    "grouped": Grouped,
    "unbiased": lambda: Grouped(bias=False),
    "slopes": Slopes,
    "neurons": Neurons,
    "gated": Gated,
    "tapped": Tapped,
    "twice": Twice,
}
GOING = {
    "parts.grouped.output": 0.5,
    "parts.unbiased.output": 0.5,
    "parts.neurons.down": 0.4,
    "parts.gated.down": 0.4,
}


@pytest.fixture(scope="module")
def calibration(side_by_side: Export) -> Calibration:
    """All parts, lowered, with their samples."""
    captured, samples = side_by_side(PARTS)
    inputs = [sample.inputs for sample in samples[:2]]
    model = lower(recover(captured, samples).model, LOWERINGS, ORT_CPU, inputs).model
    return Calibration(model, samples, ORT_CPU, FORMS)


def _widths(calibration: Calibration) -> dict[str, tuple[int, int]]:
    return {layer.name: (layer.width, layer.channels) for layer in calibration.layers}


def test_heads_and_neurons_are_found_and_what_is_not_has_a_reason(calibration: Calibration) -> None:
    readers = calibration.surgeon.readers
    found = {name: (units.noun, units.count, units.size) for name, units in readers.units.items()}
    assert found == {
        "parts.grouped.output": ("heads", HEADS // 2, INNER // 2),
        "parts.unbiased.output": ("heads", HEADS // 2, INNER // 2),
        "parts.neurons.down": ("neurons", HIDDEN, 1),
        "parts.gated.down": ("neurons", HIDDEN, 1),
    }
    assert readers.refused["parts.slopes.output"] == "each head has a mask or bias of its own"
    assert "reads" in readers.refused["parts.tapped.down"]
    assert "shared" in readers.refused["parts.twice.down"]
    assert "makes its input" in readers.refused["parts.neurons.up"]


def test_a_weight_that_two_layers_share_through_a_transpose_is_refused(
    layers: tuple[Captured, Samples, Recovered], calibrated: Callable[[ir.Model, Samples], Calibration]
) -> None:
    readers = calibrated(layers[2].model, layers[1]).surgeon.readers
    assert readers.refused["shared#2"] == "the weight of shared is shared"


def test_what_is_idle_goes_and_the_answers_stay(
    calibration: Calibration, scaled_error: Callable[..., float]
) -> None:
    before = calibration.model
    narrower = calibration.pruned(tuple(GOING.items()))
    widths = _widths(narrower)
    assert widths["parts.grouped.output"] == (INNER // 2, WIDTH)
    assert (widths["parts.neurons.up"], widths["parts.neurons.down"]) == ((WIDTH, 6), (6, WIDTH))
    assert (widths["parts.gated.up"], widths["parts.gated.down"]) == ((WIDTH, 12), (6, WIDTH))
    assert widths["parts.twice.down"] == (HIDDEN, WIDTH)
    for sample in calibration.samples:
        expected, answers = (ORT_CPU.runner(model)(sample.inputs) for model in (before, narrower.model))
        assert scaled_error(expected, answers) < 1e-4
    assert calibration.model is before
    assert _widths(calibration)["parts.neurons.down"] == (HIDDEN, WIDTH)


def test_no_weight_of_what_is_gone_is_left(calibration: Calibration) -> None:
    narrower = calibration.pruned(tuple(GOING.items()))
    unused = [value.name for value in narrower.model.graph.initializers.values() if not value.uses()]
    assert unused == []


def test_what_is_gone_is_made_up_for(calibration: Calibration) -> None:
    """Without the neurons worth least, the block answers nearer than with their columns cut off alone."""
    name = "parts.neurons.down"
    ranked = calibration.surgeon.ranking(name)
    narrower = calibration.pruned(((name, 0.6),))
    errors = []
    for sample in calibration.samples:
        expected, answers = (ORT_CPU.runner(each.model)(sample.inputs) for each in (calibration, narrower))
        both = (each["neurons.output"].astype(np.float64) for each in (answers, expected))
        errors.append([each.reshape(-1, WIDTH) for each in both])
    narrow, whole = (np.concatenate(each) for each in zip(*errors, strict=True))
    off = narrow - whole
    lost = float(np.sum(off**2) / np.sum((whole - whole.mean(0)) ** 2))
    assert lost == pytest.approx(ranked.lost[5], rel=0.05)
    assert 0 < lost < 0.5


def test_a_recipe_prunes_and_quantizes_what_is_left(calibration: Calibration) -> None:
    recipe = Recipe("narrow", (("*", Treatment("int8")),), (), tuple(GOING.items()))
    quantized = quantize(calibration, recipe)
    (shape,) = {
        str(value.shape)
        for value in written(calibration, recipe).graph.outputs
        if value.name == "gated.output"
    }
    assert "8" in shape
    forms = {layer.module: layer.form for layer in quantized.layers}
    assert forms["parts.gated.down"] == "int8"
    plain = quantize(calibration, replace(recipe, pruning=()))
    assert _bytes(quantized.model) < _bytes(plain.model)


def _bytes(model: ir.Model) -> int:
    return sum(
        0 if each.const_value is None else each.const_value.nbytes
        for each in model.graph.initializers.values()
    )


@pytest.mark.parametrize(
    ("pattern", "share", "reason"),
    [
        ("parts.slopes.output", 0.5, "mask or bias of its own"),
        ("parts.grouped.output", 0.9, "leaving none of 2 heads"),
        ("parts.grouped.output", 0.1, "leaving all of 2 heads"),
        ("parts.neurons.up", 0.5, "no heads or neurons there can go"),
    ],
)
def test_what_cannot_go_is_refused_with_its_reason(
    calibration: Calibration, pattern: str, share: float, reason: str
) -> None:
    with pytest.raises(RecipeError, match=reason):
        calibration.pruned(((pattern, share),))


def test_a_pattern_counts_for_those_of_its_layers_that_read_units(calibration: Calibration) -> None:
    removed = calibration.surgeon.readers.removed((("*", 0.5), ("parts.neurons.*", 0.2)))
    assert removed == {
        "parts.grouped.output": 1,
        "parts.unbiased.output": 1,
        "parts.neurons.down": 2,
        "parts.gated.down": 5,
    }
