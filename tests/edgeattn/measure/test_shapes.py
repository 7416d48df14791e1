from __future__ import annotations

import numpy as np
import pytest

from edgeattn.measure import shapes as shape
from edgeattn.measure.shapes import MOST_POINTS, benchmark_inputs, grid_points, parse_shapes, parse_threads
from edgeattn_runtime.errors import BadInput, SampleError
from edgeattn_runtime.graph import Graph, Symbol, Tensor

GRAPH = Graph((Tensor("tokens", "int64", ("batch", "sequence")),), ())
SYMBOLS = {"batch": Symbol(1, None), "sequence": Symbol(2, 5000)}
INPUTS = [{"tokens": np.arange(5)[None]}, {"tokens": np.arange(5, 12)[None]}]


def test_without_sizes_the_samples_stay_as_they_are() -> None:
    assert benchmark_inputs(INPUTS, GRAPH, SYMBOLS, {}, heads=1) == INPUTS


def test_samples_are_cut_and_joined_to_the_sizes() -> None:
    (inputs,) = benchmark_inputs(INPUTS, GRAPH, SYMBOLS, {"batch": 1, "sequence": 9}, heads=1)
    assert inputs["tokens"].tolist() == [list(range(9))]


def test_lengths_keep_what_the_contract_promises_of_them() -> None:
    lengths = Tensor("lengths", "int64", ("batch",), lengths_of="sequence")
    inputs = [{**each, "lengths": np.array([each["tokens"].shape[1]])} for each in INPUTS]
    graph = Graph((*GRAPH.inputs, lengths), ())
    (sized,) = benchmark_inputs(inputs, graph, SYMBOLS, {"batch": 2, "sequence": 6}, heads=1)
    assert sized["lengths"].tolist() == [6, 6]


def test_an_unknown_symbol_is_refused() -> None:
    with pytest.raises(SampleError, match=r"'length'.*batch, sequence"):
        benchmark_inputs(INPUTS, GRAPH, SYMBOLS, {"length": 9}, heads=1)


@pytest.mark.parametrize("sizes", [{"sequence": 5001}, {"sequence": 1}, {"batch": 0}])
def test_a_size_out_of_the_contracts_bounds_is_refused(sizes: dict[str, int]) -> None:
    (symbol,) = sizes
    with pytest.raises(BadInput, match=f"{symbol}={sizes[symbol]} .*{SYMBOLS[symbol]}"):
        benchmark_inputs(INPUTS, GRAPH, SYMBOLS, sizes, heads=1)


def test_a_length_whose_scores_no_memory_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "available_memory_mb", lambda: 4 * 3000 * 3000 / 1e6)
    (inputs,) = benchmark_inputs(INPUTS, GRAPH, SYMBOLS, {"sequence": 3000}, heads=1)
    assert inputs["tokens"].shape == (1, 3000)
    with pytest.raises(BadInput, match="sequence=3001"):
        benchmark_inputs(INPUTS, GRAPH, SYMBOLS, {"sequence": 3001}, heads=1)


@pytest.mark.parametrize(("heads", "batch"), [(3, 1), (1, 3)], ids=["heads", "batch"])
def test_every_head_and_row_has_scores(heads: int, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "available_memory_mb", lambda: 3 * 4 * 3000 * 3000 / 1e6)
    sizes = {"batch": batch, "sequence": 3000}
    assert benchmark_inputs(INPUTS, GRAPH, SYMBOLS, sizes, heads=heads)
    with pytest.raises(BadInput, match="sequence=3000"):
        benchmark_inputs(INPUTS, GRAPH, SYMBOLS, sizes, heads=heads + 1)


def test_a_batch_has_no_scores_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "available_memory_mb", lambda: 0.0)
    (inputs,) = benchmark_inputs(INPUTS, GRAPH, SYMBOLS, {"batch": 3}, heads=1)
    assert len(inputs["tokens"]) == 3


def test_where_memory_is_unknown_any_length_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "available_memory_mb", lambda: None)
    (inputs,) = benchmark_inputs(INPUTS, GRAPH, SYMBOLS, {"sequence": 5000}, heads=1)
    assert inputs["tokens"].shape == (1, 5000)


def test_sizes_are_read_by_symbol() -> None:
    assert parse_shapes(["batch=1,8", " sequence = 9"]) == {"batch": (1, 8), "sequence": (9,)}


@pytest.mark.parametrize("item", ["batch", "batch=", "=3"])
def test_an_item_of_another_form_is_refused(item: str) -> None:
    with pytest.raises(BadInput, match=f"shape {item!r}: "):
        parse_shapes([item])


@pytest.mark.parametrize("item", ["batch=-1", "batch=1.5", "batch=x", "batch=²", "batch=1,,2"])
def test_what_is_no_number_is_refused(item: str) -> None:
    with pytest.raises(BadInput, match=f"shape {item!r}: "):
        parse_shapes([item])


def test_what_is_given_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="shape batch: "):
        parse_shapes(["batch=1", "batch=2"])
    with pytest.raises(BadInput, match="shape 'batch=1,1': "):
        parse_shapes(["batch=1,1"])


def test_threads_are_at_least_one() -> None:
    assert parse_threads("1,4") == (1, 4)
    with pytest.raises(BadInput, match="threads '0,1': 0 "):
        parse_threads("0,1")


def test_a_grid_is_every_combination() -> None:
    assert grid_points({"batch": (1, 8), "sequence": (16, 128)}) == [
        {"batch": 1, "sequence": 16},
        {"batch": 1, "sequence": 128},
        {"batch": 8, "sequence": 16},
        {"batch": 8, "sequence": 128},
    ]
    assert grid_points({}) == [{}]


def test_a_grid_that_takes_forever_is_refused() -> None:
    with pytest.raises(BadInput, match="65 "):
        grid_points({"sequence": tuple(range(1, MOST_POINTS + 2))})
