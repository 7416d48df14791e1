from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from step_models import VOCABULARY

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.incremental import Steps

TOLERANCE = 1e-5  # of the logits' scale
SOURCE, TARGET = 11, 9

Arrays = Mapping[str, NDArray[np.generic]]


def test_encoder_takes_the_source_and_gives_keys_and_values(steps_of: Callable[[str], Steps]) -> None:
    steps = steps_of("translation")
    assert steps.encoder is not None
    assert steps.kind == "encoder-decoder"
    assert (steps.tokens, steps.sources) == ("target", ("source",))
    assert [tensor.name for tensor in steps.encoder.graph.inputs] == ["source"]
    outputs = {tensor.name: tensor.dims for tensor in steps.encoder.graph.outputs}
    assert tuple(outputs) == steps.carried
    assert outputs["cross_key_0"] == outputs["cross_value_0"] == ("batch", "sequence", 16)
    inputs = [tensor for tensor in steps.decoder.graph.inputs if tensor.name in steps.carried]
    assert inputs == list(steps.encoder.graph.outputs)


def test_indices_of_the_model_are_indices_of_its_steps(steps_of: Callable[[str], Steps]) -> None:
    steps = steps_of("translation")
    assert steps.encoder is not None
    inputs = (*steps.encoder.graph.inputs, *steps.decoder.graph.inputs)
    rows = {tensor.name: tensor.table_rows for tensor in inputs if tensor.table_rows is not None}
    assert rows == {"source": VOCABULARY, "target": VOCABULARY}


def test_the_source_is_no_part_of_a_step(steps_of: Callable[[str], Steps]) -> None:
    steps = steps_of("translation")
    assert steps.encoder is not None
    assert operators(steps.encoder.model)["Attention"] == 1
    assert operators(steps.decoder.model)["Attention"] == 2
    assert "source" not in [tensor.name for tensor in steps.decoder.graph.inputs]
    assert len(steps.caches) == 2  # of the self-attention alone
    assert not any(module_of(node).startswith("encode") for node in steps.decoder.model.graph)


@pytest.mark.parametrize("chunks", [(1,) * TARGET, (4, 1, 1, 3)])
def test_steps_say_what_pytorch_says(
    chunks: Sequence[int],
    derivation: Callable[[str], Any],
    stepped: Callable[[Steps, Arrays, Sequence[int]], Arrays],
    scaled_error: Callable[[Arrays, Arrays], float],
) -> None:
    found = derivation("translation")
    sizes = {"batch": 3, "sequence": SOURCE, "sequence_2": TARGET}
    inputs = dict(sized_inputs(found.samples, found.captured.axes, sizes))
    inputs["source"][1, 6:] = 0  # padding
    expected = found.captured.reference(inputs)
    assert scaled_error(expected, stepped(found.steps, inputs, chunks)) < TOLERANCE
