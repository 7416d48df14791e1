from __future__ import annotations

import gc
from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.graph.weight_files import SMALLEST_FILE, WeightFiles

SIDE = 256  # a square of float32 that is large enough


@pytest.fixture
def model(by_hand: Callable[..., ir.Model]) -> ir.Model:
    """A graph with one large weight."""
    return by_hand(np.arange(SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE))


def weight_of(model: ir.Model) -> ir.TensorProtocol:
    (weight,) = (value.const_value for value in model.graph.initializers.values())
    assert weight is not None
    return weight


def test_a_weight_is_written_once_for_all_graphs_that_hold_it(model: ir.Model) -> None:
    files = WeightFiles()
    copies = model.clone(), model.clone()
    assert all(map(files.set_apart, copies))
    assert weight_of(copies[0]).location == weight_of(copies[1]).location
    (file,) = files.folder.iterdir()
    np.testing.assert_array_equal(np.fromfile(file, np.float32).reshape(SIDE, SIDE), weight_of(model).numpy())


def test_a_file_goes_with_its_weight(model: ir.Model) -> None:
    files = WeightFiles()
    graph = model.clone()
    name = next(iter(graph.graph.initializers))
    graph.graph.initializers[name].const_value = ir.tensor(np.ones((SIDE, SIDE), np.float32), name=name)
    copy = graph.clone()
    files.set_apart(copy)
    assert len(list(files.folder.iterdir())) == 1
    del graph, copy
    gc.collect()
    assert list(files.folder.iterdir()) == []


def test_a_small_weight_stays_in_its_graph(by_hand: Callable[..., ir.Model]) -> None:
    small = by_hand(np.eye(2, dtype=np.float32))
    assert weight_of(small).nbytes < SMALLEST_FILE
    assert not WeightFiles().set_apart(small)
    np.testing.assert_array_equal(weight_of(small).numpy(), np.eye(2))
