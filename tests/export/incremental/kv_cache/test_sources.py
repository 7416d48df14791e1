"""Sources of any dtype, rank and number: pixels, a sound and its mask, tokens and theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from step_models import VOCABULARY

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.incremental import Steps
from edgeattn_export.incremental.kv_cache.prove import objection
from edgeattn_export.incremental.kv_cache.steps import ENCODER_GRAPH
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.bundle.manifest import Symbol

TOLERANCE = 1e-5  # of the logits' scale
BATCH, LENGTH, READ = 3, 10, 22  # of the sound: even and odd lengths are met by the samples
SOURCES = {
    "translation": ("source",),
    "two sources": ("source", "seen"),
    "pixels": ("pixels",),
    "gated": ("pixels", "gate"),
    "sound": ("sound", "shown"),
    "waves": ("sound",),
}

Derive = Callable[[str], Any]
Arrays = Mapping[str, NDArray[np.generic]]


@pytest.fixture(scope="module")
def inputs_of(derivation: Derive) -> Callable[[str, int], Arrays]:
    """A function that returns inputs of sizes that no sample has, a source's last part masked out."""

    def made(name: str, read: int) -> Arrays:
        found = derivation(name)
        dims = found.captured.axes.dims
        sizes = {dims["target"][0]: BATCH, dims["target"][1]: LENGTH}
        dynamic = [
            d for source in SOURCES[name] for d in dims[source] if isinstance(d, str) and d not in sizes
        ]
        inputs = dict(sized_inputs(found.samples, found.captured.axes, sizes | dict.fromkeys(dynamic, read)))
        for mask in {"source", "seen", "shown"} & inputs.keys():
            inputs[mask] = inputs[mask].copy()
            inputs[mask][1, read // 2 :] = 0
        return inputs

    return made


@pytest.mark.parametrize("chunks", [(1,) * LENGTH, (4, 1, 5)])
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("translation", 11),
        ("two sources", 7),
        ("pixels", 0),
        ("gated", 0),
        ("sound", 22),
        ("sound", 23),
        ("waves", 431),
    ],
)
def test_steps_say_what_pytorch_says(
    name: str,
    read: int,
    chunks: Sequence[int],
    derivation: Derive,
    inputs_of: Callable[[str, int], Arrays],
    stepped_error: Callable[..., float],
) -> None:
    found = derivation(name)
    assert isinstance(found.steps, Steps), found.steps
    assert stepped_error(found.captured, found.steps, inputs_of(name, read), chunks) < TOLERANCE


@pytest.mark.parametrize("name", SOURCES)
def test_the_encoder_takes_all_sources_and_the_decoder_none(
    name: str, steps_of: Callable[[str], Steps]
) -> None:
    steps = steps_of(name)
    assert steps.encoder is not None
    assert (steps.generation.kind, steps.generation.sources) == ("encoder-decoder", SOURCES[name])
    assert sorted(tensor.name for tensor in steps.encoder.graph.inputs) == sorted(SOURCES[name])
    inputs = {tensor.name: tensor for tensor in steps.main.graph.inputs}
    assert not inputs.keys() & set(SOURCES[name])
    outputs = {tensor.name: tensor for tensor in steps.encoder.graph.outputs}
    assert [inputs[carried] for carried in steps.generation.carried] == [
        outputs[carried] for carried in steps.generation.carried
    ]
    assert operators(steps.main.model)["Attention"] == 2
    assert len(steps.generation.cache) == 2  # of the self-attention alone


def test_indices_of_the_model_are_indices_of_its_steps(steps_of: Callable[[str], Steps]) -> None:
    graphs = steps_of("translation").graphs.values()
    inputs = [tensor for each in graphs for tensor in each.graph.inputs]
    rows = {tensor.name: tensor.table_rows for tensor in inputs if tensor.table_rows is not None}
    assert rows == {"source": VOCABULARY, "target": VOCABULARY}


def test_a_source_of_one_size_leaves_no_symbol(steps_of: Callable[[str], Steps]) -> None:
    steps = steps_of("pixels")
    assert set(steps.symbols) == {"batch", "sequence", "capacity"}
    (key, *_) = (tensor for tensor in steps.main.graph.inputs if tensor.name == "cross_key_0")
    assert key.dims == ("batch", 4, 16)


def test_a_length_that_the_encoder_makes_has_a_symbol_of_its_own(steps_of: Callable[[str], Steps]) -> None:
    steps = steps_of("sound")
    assert steps.encoder is not None
    outputs = {tensor.name: tensor for tensor in steps.encoder.graph.outputs}
    assert outputs["cross_key_0"].dims == ("batch", "encoded", 16)
    assert outputs["cross_mask_0"].dims == ("batch", 1, 1, "encoded")
    assert outputs["memory"].dims == ("batch", "encoded", 16)
    assert steps.symbols["encoded"] == Symbol(1, None)
    assert set(steps.symbols) == {"batch", "sequence", "sequence_2", "encoded", "capacity"}


def test_an_output_of_the_sources_is_the_encoders(
    derivation: Derive,
    inputs_of: Callable[[str, int], Arrays],
    scaled_error: Callable[[Arrays, Arrays], float],
) -> None:
    found, inputs = derivation("sound"), inputs_of("sound", READ)
    assert "memory" not in found.steps.generation.carried
    answer = found.steps.runner(ORT_CPU)(inputs)
    assert set(answer) == {"logits", "memory"}
    assert scaled_error(found.captured.reference(inputs), answer) < TOLERANCE


def test_its_samples_are_the_sources_alone(derivation: Derive) -> None:
    found = derivation("sound")
    samples = found.steps.samples(found.samples, ORT_CPU)[ENCODER_GRAPH]
    assert [set(sample.inputs) for sample in samples] == [{"sound", "shown"}] * len(found.samples)


def test_a_dim_that_the_encoder_does_not_keep_is_an_objection(derivation: Derive) -> None:
    found = derivation("sound")
    encoder = found.steps.encoder
    outputs = tuple(
        replace(tensor, dims=tuple("sequence" if dim == "encoded" else dim for dim in tensor.dims))
        for tensor in encoder.graph.outputs
    )
    wrong = replace(encoder, graph=replace(encoder.graph, outputs=outputs))
    false = replace(found.steps, graphs={**found.steps.graphs, ENCODER_GRAPH: wrong})
    reason = objection(false, found.captured, found.samples)
    assert reason is not None
    assert "found on axis 1" in reason
