from __future__ import annotations

import numpy as np
import pytest

from edgeattn_runtime import InputError, Label
from edgeattn_runtime.processing.labels import Labels

LABELS = Labels(output="logits", names=("cat", "dog", "owl"))


def test_from_the_largest_value_to_the_least() -> None:
    (row,) = LABELS.read({"logits": np.array([[0.5, -1, 2]], np.float32), "other": 1})
    assert row == [Label("owl", 2), Label("cat", 0.5), Label("dog", -1)]
    assert row[0].name == "owl"


def test_equal_values_keep_the_order_of_the_names() -> None:
    (row,) = LABELS.read({"logits": np.array([0, 1, -0.0], np.float32)})
    assert [label.name for label in row] == ["dog", "cat", "owl"]


def test_every_vector_is_a_row() -> None:
    rows = LABELS.read({"logits": np.arange(12, dtype=np.float32).reshape(2, 2, 3)})
    assert [row[0] for row in rows] == [Label("owl", value) for value in (2, 5, 8, 11)]


def test_infinities_have_their_place() -> None:
    (row,) = LABELS.read({"logits": np.array([-np.inf, 0, np.inf], np.float32)})
    assert [label.name for label in row] == ["owl", "dog", "cat"]


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"scores": np.zeros(3, np.float32)},
        {"logits": np.zeros(4, np.float32)},
        {"logits": np.float32(1)},
        {"logits": np.zeros(3)},
        {"logits": np.array([0, 1, np.nan], np.float32)},
    ],
)
def test_other_outputs_are_refused(outputs: dict[str, object]) -> None:
    with pytest.raises(InputError):
        LABELS.read(outputs)
