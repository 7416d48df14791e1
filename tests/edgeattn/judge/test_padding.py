from __future__ import annotations

import numpy as np
import pytest

from edgeattn.judge.padding import without_padding
from edgeattn_runtime.manifest import Graph, Tensor

MASK = np.array([[1, 1, 0], [1, 0, 0]])
HIDDEN = np.arange(12.0).reshape(2, 3, 2)


def contract(mask: Tensor, output: Tensor) -> Graph:
    return Graph("model.onnx", (Tensor("tokens", "int64", ("batch", "sequence")), mask), (output,))


def kept(mask: Tensor, output: Tensor, values: np.ndarray, answer: np.ndarray) -> np.ndarray:
    inputs = {"tokens": np.zeros_like(MASK), mask.name: values}
    return without_padding(contract(mask, output), inputs, {output.name: answer})[output.name]


SEQUENCE = Tensor("hidden", "float32", ("batch", "sequence", 2))


@pytest.mark.parametrize("dtype", ["int64", "int32", "bool"])
def test_hidden_positions_are_left_out(dtype: str) -> None:
    mask = Tensor("attention_mask", dtype, ("batch", "sequence"))
    assert kept(mask, SEQUENCE, MASK.astype(dtype), HIDDEN).tolist() == [[0, 1], [2, 3], [6, 7]]


@pytest.mark.parametrize(
    ("mask", "values"),
    [
        (Tensor("segments", "int64", ("batch", "sequence")), MASK),  # no mask by its name
        (Tensor("mask", "int64", ("batch", "sequence")), 2 * MASK),  # nor by its values
        (
            Tensor("mask", "float32", ("batch", "sequence")),
            MASK.astype("float32"),
        ),  # an additive one, perhaps
        (Tensor("mask", "int64", ("batch", "keys")), MASK),  # of another axis
        (Tensor("mask", "int64", ("batch", 1, "sequence")), MASK[:, None]),
    ],
)
def test_what_is_no_padding_mask_hides_nothing(mask: Tensor, values: np.ndarray) -> None:
    assert kept(mask, SEQUENCE, values, HIDDEN) is HIDDEN


def test_a_pooled_output_is_kept_whole() -> None:
    mask = Tensor("attention_mask", "int64", ("batch", "sequence"))
    pooled = np.ones((2, 5))
    assert kept(mask, Tensor("pooled", "float32", ("batch", 5)), MASK, pooled) is pooled


def test_classes_are_not_taken_for_positions_of_the_same_number() -> None:
    mask, logits = Tensor("mask", "int64", ("batch", 3)), Tensor("logits", "float32", ("batch", 3))
    answer = np.ones((2, 3))
    assert kept(mask, logits, MASK, answer) is answer
    assert kept(mask, Tensor("hidden", "float32", ("batch", 3, 2)), MASK, HIDDEN).shape == (3, 2)
