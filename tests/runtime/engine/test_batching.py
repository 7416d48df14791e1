from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeattn_runtime import InputError, Model, load
from edgeattn_runtime.bundle.rows import Padding, Rows, Stack, rows_per_call
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.engine.batching import Splitter, stacked
from edgeattn_runtime.graph import Graph, Symbol, Tensor

# A network in exact integers: a position's answer adds up what its row shows, a row's is the sum.
GRAPH = Graph(
    (Tensor("tokens", "int64", ("batch", "sequence")), Tensor("mask", "int64", ("batch", "sequence"))),
    (Tensor("states", "int64", ("batch", "sequence", 2)), Tensor("total", "int64", ("batch",))),
)
SYMBOLS = {"batch": Symbol(1, None), "sequence": Symbol(1, 9)}
ROWS = Rows("batch", Padding("mask", masked_out=0))
STACKS = (Stack({"sequence": 2}, 3), Stack({"sequence": 4}, 2))


def _stacks(sizes: Mapping[str, int]) -> tuple[Stack, ...]:
    return STACKS


class Network:
    """The network, which remembers the shape of every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, ...]] = []

    def __call__(self, arrays: Arrays) -> Arrays:
        self.calls.append(arrays["tokens"].shape)
        visible = arrays["tokens"] * (arrays["mask"] != 0)
        total = visible.sum(1)
        states = np.stack([arrays["tokens"] + total[:, None], visible], axis=-1)  # (B, S, 2)
        return {"states": states, "total": total}


def _sample(*masks: tuple[int, ...]) -> Arrays:
    mask = np.array(masks)
    return {"tokens": np.arange(1, mask.size + 1).reshape(mask.shape), "mask": mask}


def _masks(length: int) -> st.SearchStrategy[list[tuple[int, ...]]]:
    return st.lists(st.tuples(*[st.integers(0, 1)] * length), min_size=1, max_size=4)


SAMPLES = st.lists(st.integers(0, 6).flatmap(_masks).map(lambda masks: _sample(*masks)), max_size=6)


def _expected(sample: Arrays) -> Arrays:
    """What a call of its own says, and zeros in the padding behind a row's last visible position."""
    answer = Network()(sample)
    for row, mask in enumerate(sample["mask"]):
        if mask.any():
            answer["states"][row, np.flatnonzero(mask)[-1] + 1 :] = 0
    return answer


def _check_equal(answers: list[Arrays], expected: list[Arrays]) -> None:
    assert len(answers) == len(expected)
    for answer, reference in zip(answers, expected, strict=True):
        assert answer.keys() == reference.keys()
        for name, array in answer.items():
            np.testing.assert_array_equal(array, reference[name], strict=True)


@given(SAMPLES)
def test_every_sample_is_answered_as_by_a_call_of_its_own(samples: list[Arrays]) -> None:
    _check_equal(
        Splitter(ROWS, GRAPH, SYMBOLS).run(Network(), samples, _stacks), list(map(_expected, samples))
    )


@given(SAMPLES)
def test_each_row_runs_once_and_rows_of_one_length_together(samples: list[Arrays]) -> None:
    network = Network()
    Splitter(ROWS, GRAPH, SYMBOLS).run(network, samples, _stacks)
    assert sum(count for count, _ in network.calls) == sum(len(sample["mask"]) for sample in samples)
    for count, length in network.calls:
        assert count <= rows_per_call(STACKS, {"sequence": length})
    unfilled = [
        length for count, length in network.calls if count < rows_per_call(STACKS, {"sequence": length})
    ]
    assert len(unfilled) == len(set(unfilled))  # all calls of a length but its last are full


@given(SAMPLES)
def test_without_a_mask_nothing_is_dropped(samples: list[Arrays]) -> None:
    outputs = Splitter(replace(ROWS, padding=None), GRAPH, SYMBOLS).run(Network(), samples, _stacks)
    _check_equal(outputs, [Network()(sample) for sample in samples])


def test_padding_may_be_told_by_a_one() -> None:
    graph = replace(GRAPH, inputs=(GRAPH.inputs[0], replace(GRAPH.inputs[1], name="padded", dtype="bool")))
    splitter = Splitter(Rows("batch", Padding("padded", masked_out=1)), graph, SYMBOLS)
    sample = {"tokens": np.ones((2, 3), np.int64), "padded": np.array([[0, 0, 1], [0, 1, 0]], np.bool_)}
    assert [row.arrays["tokens"].shape for row in splitter.split(0, sample)] == [(1, 2), (1, 3)]


def test_a_row_keeps_the_least_length_that_the_graph_takes() -> None:
    symbols = {**SYMBOLS, "sequence": Symbol(3, None)}
    (row,) = Splitter(ROWS, GRAPH, symbols).split(0, _sample((1, 0, 0, 0)))
    assert row.length == 3


def test_a_dim_that_stands_twice_is_cut_twice() -> None:
    pairs = Tensor("pairs", "float32", ("batch", "sequence", "sequence"))
    graph = Graph((*GRAPH.inputs, pairs), (replace(pairs, name="attention"),))
    sample = {**_sample((1, 1, 0)), "pairs": np.arange(9, dtype=np.float32).reshape(1, 3, 3)}
    (answer,) = Splitter(ROWS, graph, SYMBOLS).run(
        lambda arrays: {"attention": arrays["pairs"]}, [sample], _stacks
    )
    np.testing.assert_array_equal(answer["attention"], [[[0, 1, 0], [3, 4, 0], [0, 0, 0]]])


def test_a_model_without_a_symbol_but_the_batch() -> None:
    pixels, label = Tensor("pixels", "float32", ("batch", 2)), Tensor("label", "float32", ("batch",))
    splitter = Splitter(Rows("batch", None), Graph((pixels,), (label,)), SYMBOLS)
    calls = []

    def network(arrays: Arrays) -> Arrays:
        calls.append(len(arrays["pixels"]))
        return {"label": arrays["pixels"].sum(1)}

    samples = [{"pixels": np.full((count, 2), count, np.float32)} for count in (1, 3, 1)]
    answers = splitter.run(network, samples, lambda sizes: (Stack({}, 2),))
    assert [answer["label"].tolist() for answer in answers] == [[2], [6, 6, 6], [2]]
    assert calls == [2, 2, 1]


def test_one_row_is_stacked_without_a_copy() -> None:
    row = _sample((1, 1))
    assert all(array is row[name] for name, array in stacked([row]).items())


@pytest.fixture(scope="module")
def tuned(conformance: Path) -> Model:
    """A bundle of independent rows: up to 4 tokens run three at a time, longer ones alone."""
    return load(conformance / "tuned.edge", threads=1)


def _tiny(*lengths: int, most: int | None = None) -> dict[str, np.ndarray]:
    mask = (np.arange(most or max(lengths)) < np.array(lengths)[:, None]).astype(np.float32)  # (B, S)
    return {"tokens": np.arange(mask.size).reshape(mask.shape) % 16, "mask": mask}


def _row(sample: Mapping[str, np.ndarray], index: int, length: int) -> dict[str, np.ndarray]:
    return {name: array[index : index + 1, :length] for name, array in sample.items()}


def test_rows_that_run_alone_are_bit_for_bit_those_of_a_call(tuned: Model) -> None:
    samples = [_tiny(7, 5, 6), _tiny(8), _tiny(5, most=9)]
    answers = tuned.run_many(samples)
    assert [answer["embedding"].shape for answer in answers] == [(3, 8), (1, 8), (1, 8)]
    for sample, answer, lengths in zip(samples, answers, ((7, 5, 6), (8,), (5,)), strict=True):
        for i, length in enumerate(lengths):
            single = tuned(**_row(sample, i, length))["embedding"]
            np.testing.assert_array_equal(answer["embedding"][i : i + 1], single, strict=True)


INT8_NOISE = 0.05  # of embeddings of about 1: rows of a call share the scale of its activations


def test_rows_that_run_together_differ_by_int8_noise(tuned: Model) -> None:
    sample = _tiny(3, 3, 2, 3, 3)
    (answer,) = tuned.run_many([sample])
    for i, length in enumerate((3, 3, 2, 3, 3)):
        single = tuned(**_row(sample, i, length))["embedding"]
        np.testing.assert_allclose(answer["embedding"][i : i + 1], single, atol=INT8_NOISE, rtol=0)


def test_a_bundle_that_says_nothing_of_rows_runs_samples_as_they_are(good: Path) -> None:
    net = load(good)
    samples = [_tiny(3, 2), _tiny(4), _tiny(1, most=3)]
    _check_equal(net.run_many(samples), [net(**sample) for sample in samples])


def test_another_graph_and_a_decoder_run_samples_as_they_are(several: Path, decoder: Model) -> None:
    lookup = load(several).graph("lookup")
    samples = [{"tokens": [[1, 2], [3, 4]]}, {"tokens": [[5]]}]
    _check_equal(lookup.run_many(samples), [lookup(**sample) for sample in samples])
    _check_equal(decoder.run_many(samples), [decoder(**sample) for sample in samples])


@pytest.mark.parametrize(
    ("sample", "pattern"),
    [
        ({"tokens": [[1]]}, "'mask'"),
        ({**_tiny(2), "mask": np.ones((1, 3), np.float32)}, "mask"),
        ({**_tiny(2), "mask": np.ones((1, 2), np.int64)}, "float32"),
        (_tiny(17), "sequence"),
        ([1, 2], "list"),
    ],
)
def test_a_bad_sample_is_named_before_anything_runs(tuned: Model, sample: object, pattern: str) -> None:
    with pytest.raises(InputError, match=f"^sample 1: .*{pattern}"):
        tuned.run_many([_tiny(2), sample])  # type: ignore[list-item]
