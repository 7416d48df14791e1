from __future__ import annotations

import numpy as np
import pytest

from edgeattn.measure.shape import benchmark_inputs, parse
from edgeattn_runtime.errors import BadInput, SampleError
from edgeattn_runtime.manifest import Graph, Tensor

GRAPH = Graph("model.onnx", (Tensor("tokens", "int64", ("batch", "sequence")),), ())
INPUTS = [{"tokens": np.arange(5)[None]}, {"tokens": np.arange(5, 12)[None]}]


def test_sizes_are_read_by_symbol() -> None:
    assert parse(["batch=2", " sequence = 9"]) == {"batch": 2, "sequence": 9}


@pytest.mark.parametrize("item", ["batch", "batch=", "=3", "batch=-1", "batch=1.5", "batch=x", "batch=²"])
def test_an_item_of_another_form_is_refused(item: str) -> None:
    with pytest.raises(BadInput, match="SYMBOL=SIZE expected"):
        parse([item])


def test_a_symbol_given_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="batch: given twice"):
        parse(["batch=1", "batch=2"])


def test_without_sizes_the_samples_stay_as_they_are() -> None:
    assert benchmark_inputs(INPUTS, GRAPH, {}) == INPUTS


def test_samples_are_cut_and_joined_to_the_sizes() -> None:
    (inputs,) = benchmark_inputs(INPUTS, GRAPH, {"batch": 1, "sequence": 9})
    assert inputs["tokens"].tolist() == [list(range(9))]


def test_an_unknown_symbol_is_refused() -> None:
    with pytest.raises(SampleError, match="no dynamic axis 'length'; the model has batch, sequence"):
        benchmark_inputs(INPUTS, GRAPH, {"length": 9})
