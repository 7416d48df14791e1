"""How padding is marked: by what an input does to the answers, whatever it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn.judge.padding import Padded
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_runtime.bundle.rows import Padding
from edgeattn_runtime.graph import Graph, Tensor

Array = NDArray[Any]

BOTH = ("batch", "sequence")
FLAGS = np.array([[1, 1, 0], [1, 0, 0]])
HIDDEN = np.arange(12.0).reshape(2, 3, 2)
SEQUENCE = Tensor("hidden", "float32", (*BOTH, 2))


def mean(x: Array, weights: Array) -> Array:
    """Answer every position with the mean of those that weigh 1."""
    total = (x * weights).sum(1, keepdims=True) / np.maximum(weights.sum(1, keepdims=True), 1)
    return np.broadcast_to(total, x.shape).astype(np.float32)


def found(
    name: str, usual: int, answer: Callable[[Array, Array], Array], dtype: str = "int64"
) -> Padding | None:
    """Return what is found of a model of tokens and one input of 0 and 1, which samples seldom vary."""
    graph = Graph(
        (Tensor("tokens", "int64", BOTH), Tensor(name, dtype, BOTH)), (Tensor("y", "float32", BOTH),)
    )

    def run(inputs: Mapping[str, Array]) -> Mapping[str, Array]:
        return {"y": answer(inputs["tokens"], inputs[name].astype(np.int64))}

    samples = Samples(
        tuple(
            Sample({"tokens": np.arange(2, 2 + n)[None], name: np.full((1, n), usual, dtype)}) for n in (5, 7)
        )
    )
    captured: Any = SimpleNamespace(engine=SimpleNamespace(runner=lambda _: run), model=None, graph=graph)
    return Padded.of(captured, samples).padding


@pytest.mark.parametrize("dtype", ["int64", "int32", "bool"])
@pytest.mark.parametrize("name", ["attention_mask", "keep", "x"])
def test_a_mask_is_found_whatever_it_is_called(name: str, dtype: str) -> None:
    assert found(name, 1, mean, dtype) == Padding(name, 0)


@pytest.mark.parametrize("name", ["padding_mask", "attention_mask", "pad"])
def test_a_mask_of_1_for_padding_is_found(name: str) -> None:
    assert found(name, 0, lambda tokens, flags: mean(tokens, 1 - flags)) == Padding(name, 1)


@pytest.mark.parametrize("name", ["token_type_ids", "segment_mask"])
@pytest.mark.parametrize("usual", [0, 1])
def test_segments_of_0_and_1_are_no_padding(name: str, usual: int) -> None:
    def embedded(tokens: Array, segments: Array) -> Array:
        return mean(tokens + 3 * segments, np.ones_like(tokens))

    assert found(name, usual, embedded) is None


def test_the_tiny_models_mask_is_found(captured: Captured, samples: Any) -> None:
    assert Padded.of(captured, samples.selection).padding == Padding("attention_mask", 0)


def kept(output: Tensor, answer: Array, *, masked_out: int = 0, dtype: str = "int64") -> Array:
    graph = Graph((Tensor("tokens", "int64", BOTH), Tensor("keep", dtype, BOTH)), (output,))
    padded = Padded(graph, Padding("keep", masked_out))
    inputs = {"tokens": np.zeros_like(FLAGS), "keep": FLAGS.astype(dtype)}
    return np.asarray(padded.without_padding(inputs, {output.name: answer})[output.name])


@pytest.mark.parametrize("dtype", ["int64", "int32", "bool"])
def test_padded_positions_are_left_out(dtype: str) -> None:
    assert kept(SEQUENCE, HIDDEN, dtype=dtype).tolist() == [[0, 1], [2, 3], [6, 7]]
    assert kept(SEQUENCE, HIDDEN, masked_out=1, dtype=dtype).tolist() == [[4, 5], [8, 9], [10, 11]]


@pytest.mark.parametrize(
    "dims", [(*BOTH, "sequence"), ("batch", 4, "sequence", "sequence"), ("batch", 4, "sequence")]
)
def test_positions_are_left_out_on_every_axis_that_has_them(dims: tuple[str | int, ...]) -> None:
    sizes = [size if isinstance(size, int) else FLAGS.shape[size == "sequence"] for size in dims]
    answer = np.random.default_rng(0).random(sizes)
    expected = [
        row[..., : sum(flags), :][..., : sum(flags)] for row, flags in zip(answer, FLAGS, strict=True)
    ]
    if dims.count("sequence") == 1:
        expected = [row[..., : sum(flags)] for row, flags in zip(answer, FLAGS, strict=True)]
    found = kept(Tensor("weights", "float32", dims), answer)
    assert sorted(found.ravel()) == sorted(number for row in expected for number in row.ravel())


def test_a_pooled_output_is_kept_whole() -> None:
    pooled = np.ones((2, 5))
    assert kept(Tensor("pooled", "float32", ("batch", 5)), pooled) is pooled


def test_classes_are_not_taken_for_positions_of_the_same_number() -> None:
    answer = np.ones((2, 3))
    assert kept(Tensor("logits", "float32", ("batch", 3)), answer) is answer


def test_without_padding_outputs_stay_as_they_are() -> None:
    outputs = {"hidden": HIDDEN}
    assert Padded(Graph((), (SEQUENCE,)), None).without_padding({}, outputs)["hidden"] is HIDDEN
