from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.cache import Steps
from edgeattn_export.cache.prove import chunkings, objection


def _rows_from_the_start(model: ir.Model) -> None:
    """Cut the position table at 0 where it must be cut at the past."""
    zero = ir.Value(name="zero", const_value=ir.tensor(np.array([0], np.int64), name="zero"))
    model.graph.register_initializer(zero)
    table = next(node for node in model.graph if node.op_type == "Slice")
    new, past = next(node for node in model.graph if node.op_type == "Shape").outputs[0], table.inputs[1]
    assert past is not None
    assert past.name == "past.size"
    table.replace_input_with(1, zero)
    table.replace_input_with(2, new)


def _values_for_keys(model: ir.Model) -> None:
    """Swap the last attention's caches."""
    attention = [node for node in model.graph if node.op_type == "Attention"][-1]
    keys, values = attention.inputs[4:6]
    attention.replace_input_with(4, values)
    attention.replace_input_with(5, keys)


@pytest.mark.parametrize("mutate", [_rows_from_the_start, _values_for_keys])
def test_a_wrong_step_graph_is_caught(
    mutate: Callable[[ir.Model], None], derivation: Callable[[str], Any]
) -> None:
    found = derivation("cut")
    steps: Steps = found.steps
    model = steps.decoder.model.clone()
    mutate(model)
    wrong = replace(steps, decoder=replace(steps.decoder, model=model))
    reason = objection(wrong, found.captured, found.samples)
    assert reason is not None
    assert reason.startswith("taken in chunks of 1, 1, 1, 1, ..., output 'logits' differs by")
    assert objection(steps, found.captured, found.samples) is None


def test_a_graph_that_does_not_load_is_an_objection(derivation: Callable[[str], Any]) -> None:
    found = derivation("cut")
    model = found.steps.decoder.model.clone()
    next(node for node in model.graph if node.op_type == "Attention").attributes.pop("kv_num_heads")
    wrong = replace(found.steps, decoder=replace(found.steps.decoder, model=model))
    assert objection(wrong, found.captured, found.samples) is not None


@pytest.mark.parametrize("length", [1, 2, 3, 8, 100])
def test_chunks_make_the_whole(length: int) -> None:
    ways = list(chunkings(length))
    assert all(sum(chunks) == length and min(chunks) > 0 for chunks in ways)
    assert ways[0][: min(length, 32)] == (1,) * min(length, 32)
    assert len(ways) == 1 + (length > 1) + (length > 2)
