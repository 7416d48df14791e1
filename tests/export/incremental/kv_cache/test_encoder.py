from __future__ import annotations

from collections.abc import Callable

from step_models import VOCABULARY

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.incremental import Steps


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
