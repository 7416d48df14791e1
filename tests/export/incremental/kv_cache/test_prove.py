from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.capture.own_cache.cache import chunk_text, chunkings
from edgeattn_export.graph.samples import Sample
from edgeattn_export.incremental import Steps, WholeGraph, with_cache
from edgeattn_export.incremental.kv_cache.decoder import step_decoder
from edgeattn_export.incremental.kv_cache.prove import late_objection, objection
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH


def _rows_from_the_start(model: ir.Model) -> None:
    """Cut the position table at 0 where it must be cut at the past."""
    zero = ir.Value(name="zero", const_value=ir.tensor(np.array([0], np.int64), name="zero"))
    model.graph.register_initializer(zero)
    table = next(node for node in model.graph if node.op_type == "Slice")
    new, past = next(node for node in model.graph if node.op_type == "Shape").outputs[0], table.inputs[1]
    assert past is not None
    assert past.name == "past_length"
    table.replace_input_with(1, zero)
    table.replace_input_with(2, new)


def _values_for_keys(model: ir.Model) -> None:
    """Swap the last attention's caches."""
    attention = [node for node in model.graph if node.op_type == "Attention"][-1]
    keys, values = attention.inputs[1:3]
    attention.replace_input_with(1, values)
    attention.replace_input_with(2, keys)


def _one_slot_late(model: ir.Model) -> None:
    """Write the last layer's values one slot behind their own."""
    one = ir.Value(name="one", const_value=ir.tensor(np.array([0, 0, 1], np.int64), name="one"))
    model.graph.register_initializer(one)
    written = [node for node in model.graph if node.op_type == "ScatterND"][-1]
    slots = written.inputs[1]
    late = ir.Node("", "Add", [slots, one])
    model.graph.insert_before(written, late)
    written.replace_input_with(1, late.outputs[0])


def _unfilled_slots_seen(model: ir.Model) -> None:
    """Leave the masks out."""
    for node in model.graph:
        if node.op_type == "Attention":
            node.replace_input_with(3, None)


def _unheard(model: ir.Model) -> None:
    """Name an operator that no engine has."""
    next(node for node in model.graph if node.op_type == "Attention").op_type = "Unheard"


Derive = Callable[[str], Any]
DIFFERS = "taken in chunks of 1, 1, 1, 1, ..., output 'logits' differs"
MUTATIONS = [
    (_rows_from_the_start, DIFFERS),
    (_values_for_keys, DIFFERS),
    (_one_slot_late, "ScatterND"),  # the last token's slot is none
    (_unfilled_slots_seen, DIFFERS),
    (_unheard, "Unheard"),
]


def _changed(steps: Steps, change: Callable[[ir.Model], None]) -> Steps:
    model = steps.main.model.clone()
    change(model)
    return steps.with_models({MAIN_GRAPH: model})


@pytest.mark.parametrize(("mutate", "expected"), MUTATIONS)
def test_a_wrong_step_graph_is_caught(
    mutate: Callable[[ir.Model], None], expected: str, derivation: Derive
) -> None:
    found = derivation("cut")
    reason = objection(_changed(found.steps, mutate), found.captured, found.samples)
    assert reason is not None
    assert expected in reason
    assert objection(found.steps, found.captured, found.samples) is None


def _few_positions(model: ir.Model) -> None:
    """Leave 12 rows of the position table."""
    table = next(node for node in model.graph if node.op_type == "Slice").inputs[0]
    assert table is not None
    assert table.const_value is not None
    rows = table.const_value.numpy()[:12]
    table.const_value, table.shape = ir.tensor(rows, name=table.name), ir.Shape(rows.shape)


def test_a_cache_that_fails_on_a_later_sample_is_caught(derivation: Derive) -> None:
    found = derivation("cut")
    wrong = _changed(found.steps, _few_positions)
    assert late_objection(wrong, found.captured, found.samples[:2]) is None  # of 5 and 9 tokens
    reason = late_objection(wrong, found.captured, found.samples)
    assert reason is not None
    assert reason.startswith("sample 2, of 14 tokens, taken in halves: ")
    assert late_objection(found.steps, found.captured, found.samples) is None


def test_a_sample_that_the_model_fails_on_says_nothing_of_its_cache(derivation: Derive) -> None:
    found = derivation("cut")
    beyond = Sample({"tokens": np.ones((1, 40), np.int64)})
    assert late_objection(found.steps, found.captured, [beyond]) is None


def test_a_decoder_whose_cache_fails_later_goes_on_without(
    derivation: Derive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(anatomy: Any) -> Any:
        decoder = step_decoder(anatomy)
        _few_positions(decoder.model)
        return decoder

    monkeypatch.setattr("edgeattn_export.incremental.kv_cache.derive.step_decoder", short)
    found = derivation("cut")
    first = replace(found.samples, items=found.samples.items[:2])
    early, late = (with_cache(found.captured, found.recovered, first, later) for later in ((), found.samples))
    assert isinstance(early.graphs, Steps)
    assert isinstance(late.graphs, WholeGraph)
    assert [refused.reason for refused in late.refused if "sample 2, of 14 tokens" in refused.reason]


@pytest.mark.parametrize("length", [1, 2, 3, 8, 100])
def test_chunks_make_the_whole(length: int) -> None:
    ways = list(chunkings(length))
    assert all(sum(chunks) == length and min(chunks) > 0 for chunks in ways)
    assert ways[0][: min(length, 32)] == (1,) * min(length, 32)
    assert len(ways) == 1 + (length > 1) + (length > 2)


def test_a_message_names_the_first_of_many_chunks() -> None:
    assert chunk_text((3, 1, 1, 1)) == "3, 1, 1, 1"
    assert chunk_text((3, 1, 1, 1, 1)) == "3, 1, 1, 1, ..."
