from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Recipe, quantize
from edgeattn_export.quantize.float_graphs import boundary_inputs
from edgeattn_export.quantize.forms import Forms
from edgeattn_export.quantize.forms.qdq.whole import WholeQdq
from edgeattn_runtime.bundle.rows import Padding

FORMS = Forms((), whole=WholeQdq())
PADDING = Padding("mask", 0)
SIDES = torch.tensor([4.0, 2.0])  # the first channel has either sign in turn, so that a mean over many is 0

Given = tuple[Captured, Samples]


class MaskedMean(nn.Module):
    """The mean over the positions that a mask shows."""

    def forward(self, x: Tensor, mask: Tensor) -> dict[str, Tensor]:
        shown = mask.unsqueeze(-1).float()  # (B, S, 1)
        return {"mean": (x * shown).sum(1) / shown.sum(1)}  # (B, 2)


@pytest.fixture(scope="module")
def given(exported: Callable[..., Given]) -> Given:
    """The mean, captured, with samples whose means are near 0 on one side."""

    def of(length: int) -> dict[str, Tensor]:
        signs = torch.tensor([1.0, -1.0]).repeat(length // 2)  # (S)
        x = torch.stack([signs, torch.ones(length)], 1) * SIDES  # (S, 2)
        return {"x": x[None], "mask": torch.ones(1, length, dtype=torch.int64)}

    return exported(MaskedMean(), [of(length) for length in (8, 12, 16, 10)])


def _error_of_one(given: Given, reaching: tuple[Inputs, ...]) -> float:
    """Return how wrong the mean in integers is of a single position."""
    captured, samples = given
    model = quantize(Calibration(captured.model, samples, ORT_CPU, FORMS, reaching), Recipe("", (), ())).model
    one = {name: value[:, :1] for name, value in samples[0].inputs.items()}
    exact, found = (ORT_CPU.runner(each)(one)["mean"] for each in (captured.model, model))
    return float(np.abs(exact - found).max())


def test_one_position_is_within_the_ranges_that_they_tell(given: Given) -> None:
    captured, samples = given
    assert _error_of_one(given, ()) > 1
    assert _error_of_one(given, tuple(boundary_inputs(captured, samples, PADDING))) < 0.001


def test_they_are_no_longer_than_any_sample(given: Given) -> None:
    captured, samples = given
    lengths = {inputs["mask"].shape[1] for inputs in boundary_inputs(captured, samples, PADDING)}
    assert (min(lengths), max(lengths)) == (1, 16)


@pytest.mark.parametrize(("padding", "shows_one"), [(PADDING, True), (None, False)])
def test_all_but_one_position_are_hidden_where_padding_is_told(
    given: Given, padding: Padding | None, shows_one: bool
) -> None:
    captured, samples = given
    masks = [inputs["mask"] for inputs in boundary_inputs(captured, samples, padding)]
    assert any(mask.shape[1] > 1 and 1 in mask.sum(1) for mask in masks) is shows_one


def test_inputs_that_no_real_one_is_like_are_left_out(given: Given) -> None:
    captured, samples = given
    sides = {
        tuple(np.ptp(inputs["x"], axis=(0, 1))) for inputs in boundary_inputs(captured, samples, PADDING)
    }
    assert (0.0, 0.0) in sides  # the first position, repeated
    assert all(inputs["x"][0, 0, 1] != 4.0 for inputs in boundary_inputs(captured, samples, PADDING))
