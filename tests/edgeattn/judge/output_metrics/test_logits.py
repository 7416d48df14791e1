from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from edgeattn.judge.output_metrics.logits import KL, PERPLEXITY_RATIO, TOP1, TOPK, log_odds
from edgeattn.judge.output_metrics.output_metric import OutputAnswers
from edgeattn_runtime.errors import ModelError

Make = Callable[..., OutputAnswers]
ONE_OF_TWO = ([[[1.0, 0.0], [0.0, 1.0]]], [[[2.0, 0.0], [0.5, 0.0]]])  # of two positions one is chosen alike


def test_top1_is_the_share_of_positions_that_choose_alike(answered: Make) -> None:
    assert TOP1.keep(answered(*ONE_OF_TWO)) == (0.5, 2)


def test_topk_leaves_one_class_out_at_least(answered: Make) -> None:
    expected, found = [[[3.0, 2.0, 1.0, 0.0]]], [[[3.0, 2.0, 0.0, 1.0]]]
    assert TOPK.keep(answered(expected, found)) == (pytest.approx(2 / 3), 3)
    many = np.arange(20.0)[None, None]
    assert TOPK.keep(answered(many, -many)) == (0.0, 5)


def test_kl_is_that_of_the_odds(answered: Make) -> None:
    p, q = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    found = KL.keep(answered(np.log(p)[None, None] + 3, np.log(q)[None, None]))
    assert found == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3))
    assert KL.keep(answered(np.log(p)[None, None], np.log(p)[None, None] - 5)) == pytest.approx(0)


def test_what_int8_rules_out_or_does_not_know_is_a_finite_loss(answered: Make) -> None:
    odds = log_odds(np.array([[0.0, -np.inf], [np.nan, 0.0]]))
    assert np.isfinite(odds).all()
    assert odds[0, 1] == odds[1, 0] == -100
    assert KL.keep(answered([[[0.0, -np.inf]]], [[[0.0, -np.inf]]])) == 0


def test_of_one_choice_a_sample_an_unseen_input_may_be_wrong(answered: Make) -> None:
    mean = TOP1.mean([(1.0, 1)] * 300)
    assert (mean.value, mean.unseen) == (1.0, 0.0)
    assert mean.decide(lambda share: share >= 0.99).ok
    assert not TOP1.mean([(1.0, 1)] * 297).decide(lambda share: share >= 0.99).decided


def test_of_many_choices_an_unseen_input_has_one_wrong_at_least(answered: Make) -> None:
    assert TOP1.mean([(1.0, 50), (1.0, 20)]).unseen == pytest.approx(0.95)
    assert TOP1.mean([(1.0, 50), (0.8, 20)]).unseen == pytest.approx(0.6)
    assert TOP1.mean([(1.0, 2), (0.0, 2)]).unseen == 0.0


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
