from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from fixture_types import Export
from rewritten import Rewritten
from spelled import Hand
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.recover.rules.attention.attention import recover_attention
from edgeattn_export.recover.rules.attention.layout import attention_without_transposes
from edgeattn_export.recover.rules.projections import merge_projections

WIDTH = 8


def _scores(q: Tensor, k: Tensor, seen: Tensor) -> Tensor:
    return q @ k.mT / 2


class Shifted(nn.Module):
    """Attention whose query has something added to it that no bias is."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(3))

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q, k, v = (
            t.unflatten(-1, (2, 4)).transpose(1, 2)  # (B, H, S, D)
            for t in (x.sin() + self.query(x), self.key(x), self.value(x))
        )
        return (_scores(q, k, seen).softmax(-1) @ v).transpose(1, 2).flatten(2)


def _merged(captured: Captured, samples: Samples) -> Rewritten:
    earlier = recover_attention, attention_without_transposes
    return Rewritten.by(merge_projections, captured, samples, *earlier)


@pytest.fixture(scope="module")
def own(side_by_side: Export) -> Rewritten:
    parts = {
        "biased": partial(Hand, _scores),
        "unbiased": partial(Hand, _scores, bias=(False, False, False)),
        "mixed": partial(Hand, _scores, bias=(True, False, True)),
        "shifted": Shifted,
    }
    return _merged(*side_by_side(parts))


@pytest.fixture(scope="module")
def crossed(across: Export) -> Rewritten:
    return _merged(*across({"biased": partial(Hand, _scores)}))


@pytest.mark.parametrize("part", ["biased", "unbiased"])
def test_three_of_one_input_become_one(part: str, own: Rewritten) -> None:
    assert own.before(part).count("MatMul") == 5  # and the two of the attention
    assert own.after(part).count("MatMul") == 1
    assert own.after(part).count("Add") == (part == "biased")
    assert own.after(f"{part}.query+key+value").count("MatMul") == 1


def test_the_weights_lie_side_by_side(own: Rewritten) -> None:
    module = own.captured.reference.module.parts["biased"]
    merged = own.model.graph.initializers["parts.biased.query+key+value.weight"].const_value.numpy()
    expected = torch.cat([layer.weight.T for layer in (module.query, module.key, module.value)], dim=1)
    np.testing.assert_array_equal(merged, expected.detach())


def test_keys_and_values_of_a_context_become_one(crossed: Rewritten) -> None:
    assert len(crossed.applied.sites) == 1
    assert crossed.after("biased.key+value").count("MatMul") == 1
    assert crossed.after("biased.query").count("MatMul") == 1


def test_some_with_a_bias_and_some_without_are_refused(own: Rewritten) -> None:
    reasons = {r.module: r.reason for r in own.applied.refused}
    assert reasons == {
        "parts.mixed": "some of its projections have a bias and some have none; give all or none of them one"
    }
    assert own.after("mixed").count("MatMul") == 3


def test_what_is_more_than_a_projection_is_left_out(own: Rewritten) -> None:
    assert own.after("shifted.key+value").count("MatMul") == 1
    assert own.after("shifted.query").count("MatMul") == 1


@pytest.mark.parametrize("which", ["own", "crossed"])
@pytest.mark.parametrize("batch", [1, 3])
def test_answers_as_pytorch(which: str, batch: int, request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue(which).unlike(batch=batch) == {}
