from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from edgeattn.judge.output_metrics.logits import PERPLEXITY_RATIO
from edgeattn.judge.output_metrics.output_metric import OutputAnswers
from edgeattn_runtime.errors import ModelError

Make = Callable[..., OutputAnswers]
BEFORE = np.log([[[0.5, 0.5], [0.8, 0.2]]])
AFTER = np.log([[[0.25, 0.75], [0.8, 0.2]]])


@pytest.mark.parametrize("target", [np.array([[0, 1]]), torch.tensor([[0, 1]])], ids=["numpy", "torch"])
def test_it_is_the_perplexity_over_the_originals(answered: Make, target: object) -> None:
    loss = PERPLEXITY_RATIO.keep(answered(BEFORE, AFTER, target))
    assert loss == pytest.approx(np.log(2) / 2)
    assert PERPLEXITY_RATIO.mean([loss] * 30).value == pytest.approx(np.sqrt(2))


def test_targets_below_zero_do_not_count(answered: Make) -> None:
    assert PERPLEXITY_RATIO.keep(answered(BEFORE, AFTER, np.array([[-100, 1]]))) == pytest.approx(0)


@pytest.mark.parametrize(
    ("target", "named"),
    [
        (None, "no target"),
        (np.array([0, 1]), r"int64 \(2,\)"),
        (np.array([[0, 2]]), r"int64 \(1, 2\)"),
        (np.array([[0.0, 1.0]]), "float64"),
        (np.array([[-1, -1]]), "no target"),
    ],
    ids=["none", "dims", "classes", "dtype", "all padding"],
)
def test_targets_that_are_none_are_told_with_their_sample(answered: Make, target: object, named: str) -> None:
    with pytest.raises(ModelError, match=rf"^sample 7: perplexity_ratio: .*{named}"):
        PERPLEXITY_RATIO.keep(answered(BEFORE, AFTER, target))
