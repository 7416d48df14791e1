from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from edgeattn.judge.output_metrics.generation import TOKEN_AGREEMENT
from edgeattn.judge.output_metrics.output_metric import OutputAnswers
from edgeattn_runtime.errors import BudgetError

VOCABULARY = 10
Make = Callable[..., OutputAnswers]


class Counting:
    """Continues each token by the next number, but is stuck from a number on."""

    def __init__(self, stuck: int = VOCABULARY) -> None:
        self.stuck = stuck

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        following = np.minimum(inputs["tokens"] + 1, self.stuck) % VOCABULARY
        return {"logits": np.eye(VOCABULARY)[following]}


def sample(answered: Make, int8: Counting, **inputs: Any) -> OutputAnswers:
    tokens = np.array([[0, 1, 2, 3, 4, 5, 6, 7]])
    logits = Counting()({"tokens": tokens})["logits"]
    made = answered(logits, logits, original=Counting(), int8=int8)
    made.sample.inputs.update({"tokens": tokens, **inputs})
    return made


def test_who_continues_alike_agrees(answered: Make) -> None:
    assert TOKEN_AGREEMENT.keep(sample(answered, Counting())) == (1.0, 4)  # half of the sample is the prompt


def test_nothing_counts_behind_the_first_token_that_differs(answered: Make) -> None:
    assert TOKEN_AGREEMENT.keep(sample(answered, Counting(stuck=5))) == (0.5, 4)
    assert TOKEN_AGREEMENT.keep(sample(answered, Counting(stuck=0))) == (0.0, 4)


def test_an_input_beside_the_tokens_with_their_positions_is_refused(answered: Make) -> None:
    with pytest.raises(BudgetError, match="token_agreement: 2 "):
        TOKEN_AGREEMENT.keep(sample(answered, Counting(), mask=np.ones((1, 8), np.int64)))
