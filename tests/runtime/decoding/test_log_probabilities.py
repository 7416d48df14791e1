from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeattn_runtime import InputError
from edgeattn_runtime.decoding.sampling import log_softmax, penalized, read_penalty


@given(st.integers(1, 4), st.floats(-50, 50, width=32))
def test_probabilities_sum_to_one_wherever_the_logits_lie(rows: int, shift: float) -> None:
    logits = np.random.default_rng(rows).standard_normal((rows, 9)).astype(np.float32) + np.float32(shift)
    found = log_softmax(logits)
    np.testing.assert_allclose(np.exp(found).sum(axis=-1), 1, rtol=1e-6)
    np.testing.assert_array_equal(found.argsort(axis=-1), logits.argsort(axis=-1))


def test_a_token_that_cannot_come_has_no_probability() -> None:
    assert log_softmax(np.array([[0.0, -np.inf]], np.float32)).tolist() == [[0, -np.inf]]


def test_tokens_that_were_there_get_less_likely() -> None:
    scores = np.array([[2.0, -2.0, 1.0], [2.0, -2.0, 1.0]])
    seen = np.array([[0, 1, 0], [2, 2, 2]])
    found = penalized(scores, seen, 2.0)
    assert found.tolist() == [[1.0, -4.0, 1.0], [2.0, -2.0, 0.5]]  # once, however often they were there
    assert scores[0].tolist() == [2.0, -2.0, 1.0]
    assert penalized(scores, seen, 1.0) is scores


@pytest.mark.parametrize("penalty", [0, -1.0, np.inf, np.nan, "2", None])
def test_bad_penalties(penalty: float) -> None:
    with pytest.raises(InputError, match=r"^repetition_penalty: "):
        read_penalty(penalty)
