from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeattn_runtime.decoding.prompt import read_tokens
from edgeattn_runtime.errors import InputError


@given(st.lists(st.integers(0, 15), min_size=1))
def test_any_sequence_of_ids(ids: list[int]) -> None:
    for given_as in (ids, tuple(ids), iter(ids), np.array(ids, np.uint8), np.array(ids, np.int32)):
        tokens = read_tokens("prompt", given_as, vocabulary=16)
        assert tokens.tolist() == ids
        assert tokens.dtype == np.int64


def test_a_set_and_nothing_at_all() -> None:
    assert sorted(read_tokens("stop", {3, 5}, vocabulary=16)) == [3, 5]
    assert read_tokens("stop", (), vocabulary=16, least=0).tolist() == []


@pytest.mark.parametrize(
    ("ids", "pattern"),
    [
        ([], "no token .*1 "),
        ([1, 16], "token 16 .*0 to 15 "),
        ([-1], "token -1 .*0 to 15 "),
        ([2**64], r"(object|uint64|float64|token 18446744073709551616) "),
        ([1.0], "float64 "),
        ([True], "bool "),
        ("12", "<U1 "),
        ([[1, 2]], "2 dims .*1 "),
        (np.array([[1, 2]]), "2 dims .*1 "),
        ([[1], [2, 3]], ""),
        (7, ""),
        (None, ""),
    ],
)
def test_what_is_no_prompt(ids: Any, pattern: str) -> None:
    with pytest.raises(InputError, match=f"^prompt: {pattern}") as caught:
        read_tokens("prompt", ids, vocabulary=16)
    assert "\n" not in str(caught.value)


def test_a_vocabulary_that_is_not_known() -> None:
    assert read_tokens("prompt", [2**63 - 1], vocabulary=None).tolist() == [2**63 - 1]
    with pytest.raises(InputError, match="token 9223372036854775808 "):
        read_tokens("prompt", np.array([2**63], np.uint64), vocabulary=None)
