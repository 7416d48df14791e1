"""What an output holds is recognized by its name and by the answers."""

from __future__ import annotations

import numpy as np
import pytest
from draws import drawn_seed
from numpy.typing import NDArray

from edgeattn_export.graph.output_kinds import Kind, kind_of
from edgeattn_runtime.graph import Tensor

ROWS = np.random.default_rng(drawn_seed(0)).normal(size=(5, 4))
LOG_PROBABILITIES = ROWS - np.log(np.exp(ROWS).sum(axis=1, keepdims=True))
UNIT = ROWS / np.linalg.norm(ROWS, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("name", "dims", "answer", "kind"),
    [
        ("logits", ("batch", 4), ROWS, "logits"),
        ("start_logits", ("batch", "sequence"), ROWS, "numbers"),
        ("out.logits", ("batch", "sequence", 4), ROWS[None], "logits"),
        ("logit", ("batch", 1), ROWS[:, :1], "one logit"),
        ("answer", ("batch", 4), LOG_PROBABILITIES, "log-probabilities"),
        ("answer", ("batch", 4), LOG_PROBABILITIES - 0.1, "numbers"),
        ("answer", ("batch", 4), np.exp(LOG_PROBABILITIES), "probabilities"),
        ("answer", ("batch", 4), np.exp(LOG_PROBABILITIES) * 1.1, "numbers"),
        ("answer", ("batch", 4), np.exp(LOG_PROBABILITIES) + np.array([-1, 1, 0, 0]), "numbers"),
        ("attention", ("batch", 4, 4), np.exp(LOG_PROBABILITIES)[None, :4], "numbers"),
        ("answer", ("batch", 4), UNIT, "embedding"),
        ("answer", ("batch", "sequence", 4), UNIT[None], "numbers"),
        ("answer", ("batch", 4), ROWS, "numbers"),
        ("answer", ("batch", 4), ROWS[:0], "numbers"),
    ],
)
def test_kinds(name: str, dims: tuple[int | str, ...], answer: NDArray[np.float64], kind: Kind) -> None:
    found = kind_of(Tensor(name, "float32", dims), [answer, answer])
    assert found.kind == kind
    assert bool(found.by) == (kind != "numbers")


def test_integers_are_plain_numbers() -> None:
    assert kind_of(Tensor("logits", "int64", ("batch", 4)), [ROWS.astype(np.int64)]).kind == "numbers"
