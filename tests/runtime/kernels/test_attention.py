"""The kernels' Attention beside onnxruntime's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from attention_node import Array, AttentionNode
from numpy.typing import NDArray

TOLERANCE = 3e-6  # of the largest value: the bound of either kernel, and a little
LOWEST = np.finfo(np.float32).min

rng = np.random.default_rng


def numbers(seed: int, *shape: int, size: float = 1.0) -> NDArray[np.float32]:
    return (rng(seed).standard_normal(shape) * size).astype(np.float32)


def heads(
    queries: int = 6,
    keys: int = 6,
    *,
    q: int = 4,
    kv: int = 4,
    size: int = 32,
    batch: int = 2,
    scale: float = 1.0,
) -> dict[str, Array]:
    """Query, key and value of rank 4."""
    return {
        "Q": numbers(1, batch, q, queries, size, size=scale),
        "K": numbers(2, batch, kv, keys, size, size=scale),
        "V": numbers(3, batch, kv, keys, size, size=scale),
    }


def past(length: int, *, kv: int = 4, size: int = 32, batch: int = 2) -> dict[str, Array]:
    return {
        "past_key": numbers(4, batch, kv, length, size),
        "past_value": numbers(5, batch, kv, length, size),
    }


def flat(array: Array) -> Array:
    """(batch, heads, length, size) as (batch, length, heads * size)."""
    batch, _, length, _ = array.shape
    return array.swapaxes(1, 2).reshape(batch, length, -1)


def agree(answers: list[Array], expected: list[Array], largest: float) -> None:
    assert len(answers) == len(expected)
    for answer, wanted in zip(answers, expected, strict=True):
        assert answer.shape == wanted.shape
        np.testing.assert_allclose(answer, wanted, rtol=0, atol=TOLERANCE * largest)


def expect_stock(node: AttentionNode, library: Path, stock: AttentionNode | None = None) -> None:
    """The library answers as stock does, with any number of threads to the bit as with one."""
    answers = node.kernels(library)
    values = node.inputs.get("V", node.inputs["Q"]).astype(np.float32)
    agree(answers, (stock or node).stock(), float(np.abs(values[np.isfinite(values)]).max()))
    for threads in (2, 4):
        for answer, same in zip(answers, node.kernels(library, threads), strict=True):
            np.testing.assert_array_equal(answer, same)


@pytest.mark.parametrize("size", [1, 3, 8, 20, 32, 33, 64, 96, 128])
@pytest.mark.parametrize("length", [1, 2, 17, 130])
def test_sizes(library: Path, length: int, size: int) -> None:
    expect_stock(AttentionNode(heads(length, length, size=size)), library)


@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (1, 300), (9, 4), (200, 513)])
@pytest.mark.parametrize("kv", [1, 2, 4])
def test_grouped_heads(library: Path, queries: int, keys: int, kv: int) -> None:
    inputs = heads(queries, keys, kv=kv)
    expect_stock(AttentionNode(inputs), library)
    attributes = {"q_num_heads": 4, "kv_num_heads": kv}
    expect_stock(AttentionNode({name: flat(value) for name, value in inputs.items()}, attributes), library)


def test_values_of_another_size(library: Path) -> None:
    inputs = heads() | {"V": numbers(3, 2, 4, 6, 21)}
    expect_stock(AttentionNode(inputs), library)


@pytest.mark.parametrize(
    "shape", [(6, 9), (1, 1, 6, 9), (2, 1, 6, 9), (1, 4, 6, 9), (2, 4, 6, 9), (4, 6, 9), (1, 6, 9)]
)
@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("boolean", [False, True])
def test_masks(library: Path, shape: tuple[int, ...], causal: int, boolean: bool) -> None:
    mask = numbers(6, *shape)
    inputs = heads(6, 9) | {"attn_mask": mask > 0 if boolean else mask}
    expect_stock(AttentionNode(inputs, {"is_causal": causal}), library)


@pytest.mark.parametrize(
    "shape", [(9,), (1, 9), (2, 1, 1, 9), (2, 1, 6, 1), (1, 4, 1, 9), (6, 5), (2, 1, 1, 5)]
)
@pytest.mark.parametrize("boolean", [False, True])
def test_masks_that_stock_wants_expanded(library: Path, shape: tuple[int, ...], boolean: bool) -> None:
    mask: Array = numbers(6, *shape)
    if boolean:
        mask = mask > 0
    short = [(0, 0)] * (mask.ndim - 1) + [(0, 9 - shape[-1])]  # keys behind a mask's end are hidden
    whole = np.pad(mask, short, constant_values=False if boolean else -np.inf)
    whole = np.broadcast_to(whole, np.broadcast_shapes(whole.shape, (6, 9))).copy()
    inputs = heads(6, 9)
    expect_stock(
        AttentionNode(inputs | {"attn_mask": mask}), library, AttentionNode(inputs | {"attn_mask": whole})
    )


@pytest.mark.parametrize("hidden", [-1e4, -1e9, -1e30, LOWEST, -np.inf])
def test_rows_without_keys(library: Path, hidden: float) -> None:
    """What is not above the lowest float hides a key; a row without keys is 0. Any other bias is a number."""
    mask = np.zeros((6, 200), np.float32)
    mask[2] = hidden
    mask[3, :130] = hidden
    mask[4, 130:] = hidden
    node = AttentionNode(heads(6, 200, scale=0.1) | {"attn_mask": mask})
    answers = node.kernels(library)
    np.testing.assert_allclose(answers[0], node.stock()[0], rtol=0, atol=1e-5)
    assert np.all(answers[0][:, :, 2] == 0) == (hidden <= LOWEST)


@pytest.mark.parametrize("length", [0, 1, 5, 127, 300])
@pytest.mark.parametrize("queries", [1, 3, 20])
@pytest.mark.parametrize("causal", [0, 1])
def test_cache(library: Path, length: int, queries: int, causal: int) -> None:
    inputs = heads(queries, queries, kv=2) | past(length, kv=2)
    attributes = {"is_causal": causal}
    expect_stock(AttentionNode(inputs, attributes, outputs=3), library)
    inputs = {name: flat(value) if name in "QKV" else value for name, value in inputs.items()}
    attributes |= {"q_num_heads": 4, "kv_num_heads": 2}
    expect_stock(AttentionNode(inputs, attributes, outputs=3), library)
    mask = numbers(6, 2, 1, queries, length + queries) > 0
    expect_stock(AttentionNode(inputs | {"attn_mask": mask}, attributes, outputs=3), library)


def test_one_query_after_a_cache_sees_all_keys(library: Path) -> None:
    """As in onnxruntime, whose causality leaves a single query out where there is a cache."""
    inputs = heads(1, 7) | past(5)
    expect_stock(AttentionNode(inputs, {"is_causal": 1}, outputs=3), library)


@pytest.mark.parametrize("attributes", [{"scale": 0.3}, {"softcap": 2.0}, {"scale": 1.5, "softcap": 30.0}])
def test_scale_and_cap(library: Path, attributes: dict[str, float]) -> None:
    inputs = heads(20, 140, scale=3.0)
    expect_stock(AttentionNode(inputs, attributes), library)
    mask = np.where(numbers(6, 20, 140) > 0, np.float32(0), np.float32(-np.inf))
    expect_stock(AttentionNode(inputs | {"attn_mask": mask}, attributes), library)


@pytest.mark.parametrize("kv", [1, 4])
@pytest.mark.parametrize("causal", [0, 1])
def test_packed(library: Path, kv: int, causal: int) -> None:
    parts = [flat(value) for value in heads(40, 40, kv=kv).values()]
    attributes = {"q_num_heads": 4, "kv_num_heads": kv, "is_causal": causal}
    packed = AttentionNode({"Q": np.concatenate(parts, axis=2)}, attributes)
    expect_stock(packed, library, AttentionNode(dict(zip("QKV", parts, strict=True)), attributes))


@pytest.mark.parametrize("size", [1e-18, 1e-3, 1e3, 1e17])
def test_magnitudes(library: Path, size: float) -> None:
    """Large scores choose one key, in both kernels the same."""
    expect_stock(AttentionNode(heads(20, 40, scale=size)), library)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["Q", "K", "V", "attn_mask"])
@pytest.mark.parametrize("keys", [6, 200])
def test_not_finite(library: Path, name: str, bad: float, keys: int) -> None:
    inputs = heads(6, keys) | {"attn_mask": numbers(6, 6, keys)}
    inputs[name].reshape(-1)[3] = bad
    expect_stock(AttentionNode(inputs), library)


@pytest.mark.parametrize("axis", [0, 2])
def test_empty(library: Path, axis: int) -> None:
    """No batch, or no queries: stock refuses these."""
    inputs = heads()
    for name in inputs if axis == 0 else "Q":
        inputs[name] = np.delete(inputs[name], np.s_[:], axis=axis)
    (answer,) = AttentionNode(inputs).kernels(library)
    assert answer.shape == inputs["Q"].shape


def test_no_keys(library: Path) -> None:
    (answer,) = AttentionNode(heads(6, 0)).kernels(library)
    assert np.array_equal(answer, np.zeros((2, 4, 6, 32), np.float32))


def test_a_session_answers_any_shape(library: Path) -> None:
    session = AttentionNode(heads()).session(library)
    for length in (6, 150, 1, 40, 6):
        inputs = heads(length, length)
        expected = AttentionNode(inputs).stock()
        agree(session.run(None, inputs), expected, float(np.abs(inputs["V"]).max()))


INFERRED: list[tuple[dict[str, list[int | str]], dict[str, float], list[list[int | str]]]] = [
    (
        {"Q": ["b", 4, "s", 32], "K": ["b", 4, "t", 32], "V": ["b", 4, "t", 32]},
        {},
        [["b", 4, "s", 32], ["b", 4, "t", 32], ["b", 4, "t", 32]],
    ),
    (
        {"Q": ["b", "s", 128], "K": ["b", "t", 128], "V": ["b", "t", 64]},
        {"q_num_heads": 4, "kv_num_heads": 4},
        [["b", "s", 64], ["b", 4, "t", 32], ["b", 4, "t", 16]],
    ),
    (
        {"Q": ["b", 1, 384]},
        {"q_num_heads": 4, "kv_num_heads": 4},
        [["b", 1, 128], ["b", 4, 1, 32], ["b", 4, 1, 32]],
    ),
]


@pytest.mark.parametrize(("shapes", "attributes", "expected"), INFERRED)
def test_outputs_have_shapes(
    library: Path,
    shapes: dict[str, list[int | str]],
    attributes: dict[str, float],
    expected: list[list[int | str]],
) -> None:
    inputs = {name: numbers(1, *([1] * len(shape))) for name, shape in shapes.items()}
    session = AttentionNode(inputs, attributes, outputs=3, shapes=shapes).session(library)
    assert [output.shape for output in session.get_outputs()] == expected


def test_present_is_as_long_as_both(library: Path) -> None:
    shapes: dict[str, list[int | str]] = {name: ["b", 4, 1, 32] for name in "QKV"}
    shapes |= {name: ["b", 4, "past", 32] for name in ("past_key", "past_value")}
    node = AttentionNode(heads(1, 1) | past(3), outputs=3, shapes=shapes)
    assert [output.shape for output in node.session(library).get_outputs()][1] == ["b", 4, "past + 1", 32]


REFUSED_NODES = [
    ("K and V must both be given", {"Q": numbers(1, 1, 2, 3, 4), "K": numbers(1, 1, 2, 3, 4)}, {}),
    ("past_key and past_value must both", heads() | {"past_key": numbers(1, 2, 4, 3, 32)}, {}),
    ("needs q_num_heads and kv_num_heads", {"Q": numbers(1, 1, 3, 24)}, {}),
    ("attn_mask must be float or bool, not int64", heads() | {"attn_mask": np.ones((6, 6), np.int64)}, {}),
    ("nonpad_kv_seqlen, of opset 24, is not covered", heads() | {"nonpad_kv_seqlen": np.array([3, 3])}, {}),
    ("float16", {name: value.astype(np.float16) for name, value in heads().items()}, {}),
    ("is_causal must be 0 or 1, not 2", heads(), {"is_causal": 2}),
    ("is_causal must be an integer", heads(), {"is_causal": 1.0}),
    ("softmax_precision 10 is not covered", heads(), {"softmax_precision": 10}),
    ("scale must be a finite number above 0, not 0", heads(), {"scale": 0.0}),
    ("scale must be a finite number above 0, not inf", heads(), {"scale": float("inf")}),
    ("softcap must be a finite number of at least 0, not -1", heads(), {"softcap": -1.0}),
    ("q_num_heads must not be negative", heads(), {"q_num_heads": -4}),
]


@pytest.mark.parametrize(
    ("words", "inputs", "attributes"), REFUSED_NODES, ids=[words for words, *_ in REFUSED_NODES]
)
def test_refused_when_the_session_is_made(
    library: Path, words: str, inputs: dict[str, Array], attributes: dict[str, float]
) -> None:
    with pytest.raises(Exception, match=words):
        AttentionNode(inputs, attributes).session(library)


def test_scores_are_no_output(library: Path) -> None:
    with pytest.raises(Exception, match="qk_matmul_output is not covered"):
        AttentionNode(heads() | past(3), outputs=4).session(library)


REFUSED_SHAPES = [
    ("a head of Q has 32 elements, one of K 16", {"K": numbers(2, 2, 4, 6, 16)}, {}),
    ("must be of one batch", {"V": numbers(2, 1, 4, 6, 32)}, {}),
    ("must be a multiple of those of K and V", {"Q": numbers(2, 2, 6, 6, 32)}, {}),
    ("does not broadcast", {"attn_mask": numbers(2, 5, 6)}, {}),
    ("more than the 6 keys", {"attn_mask": numbers(2, 6, 7)}, {}),
    ("Q has 4 heads, q_num_heads says 8", {}, {"q_num_heads": 8}),
    ("past_value must be", past(3) | {"past_value": numbers(2, 2, 4, 4, 32)}, {}),
]


@pytest.mark.parametrize(
    ("words", "changed", "attributes"), REFUSED_SHAPES, ids=[words for words, *_ in REFUSED_SHAPES]
)
def test_refused_when_run(
    library: Path, words: str, changed: dict[str, Array], attributes: dict[str, float]
) -> None:
    with pytest.raises(Exception, match=words):
        AttentionNode(heads() | changed, attributes).kernels(library)
