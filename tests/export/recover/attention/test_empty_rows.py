"""A query that may see no key: where PyTorch answers NaN and the operator numbers, the report says so."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from fixture_types import Export
from spelled import Hand, Scores
from torch import Tensor

from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover import recover

TOPIC = "Empty rows"
CAUSAL = torch.ones(32, 32, dtype=torch.bool).tril()


def _scaled(q: Tensor, k: Tensor) -> Tensor:
    return q @ k.mT / 2


def _masked_out(seen: Tensor) -> Tensor:
    return seen[:, None, None, :] == 0  # (B, 1, 1, T)


NOTED: dict[str, Scores] = {
    "filled": lambda q, k, seen: _scaled(q, k).masked_fill(_masked_out(seen), -torch.inf),
    "added": lambda q, k, seen: _scaled(q, k) + torch.where(_masked_out(seen), -torch.inf, 0.0),
    "added_as_a_logarithm": lambda q, k, seen: _scaled(q, k) + seen[:, None, None, :].float().log(),
}
SILENT: dict[str, Scores] = {
    "finite": lambda q, k, seen: _scaled(q, k).masked_fill(_masked_out(seen), -1e9),
    "causal": lambda q, k, seen: _scaled(q, k).masked_fill(~CAUSAL[: q.size(2), : q.size(2)], -torch.inf),
}


@pytest.fixture(scope="module")
def captured(side_by_side: Export) -> tuple[Captured, Samples]:
    return side_by_side({name: partial(Hand, scores) for name, scores in {**NOTED, **SILENT}.items()})


def test_the_report_tells_it_once(captured: tuple[Captured, Samples]) -> None:
    recovered = recover(*captured)
    (note,) = recovered.notes
    place = f"parts.{next(iter(NOTED))} and {len(NOTED) - 1} more places"
    assert note.startswith(f"{TOPIC} at {place}: ")
    assert "NaN in PyTorch" in note
    assert recovered.refused == ()
    assert recovered.applied["attention"] == len(NOTED) + len(SILENT)


def test_a_sample_with_such_a_row_undoes_nothing(captured: tuple[Captured, Samples]) -> None:
    whole, samples = captured
    empty = [dict(sample.inputs) for sample in samples]
    for inputs in empty:
        inputs["seen"] = np.zeros_like(inputs["seen"])
    recovered = recover(whole, type(samples)(tuple(type(samples[0])(inputs) for inputs in empty)))
    assert recovered.applied["attention"] == len(NOTED) + len(SILENT)
    expected, actual = whole.reference(empty[0]), ORT_CPU.runner(recovered.model)(empty[0])
    for name in NOTED:
        assert np.isnan(expected[f"{name}.output"]).all()
        assert np.isfinite(actual[f"{name}.output"]).all()
    for name in SILENT:
        np.testing.assert_allclose(actual[f"{name}.output"], expected[f"{name}.output"], rtol=1e-4, atol=1e-6)
