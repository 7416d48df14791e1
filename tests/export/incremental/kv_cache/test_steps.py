"""A decoder's graphs as one: called as the whole model is, walked, quantized, with its author's settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.samples import Samples
from edgeattn_export.incremental import Cached, WholeGraph, with_defaults
from edgeattn_export.lower import lower
from edgeattn_export.lower.ort_cpu import LOWERINGS, ORT_CPU
from edgeattn_export.quantize import Quantized
from edgeattn_runtime.bundle.generation_options import NO_OPTIONS, GenerationOptions
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH
from edgeattn_runtime.errors import ModelError

Derive = Callable[[str], Any]
TOLERANCE = 1e-5  # of the logits' scale
SIZES = {"learned": (3, 9), "rotary": (3, 9), "translation": (3, 11, 9)}  # of the inputs' axes


@pytest.mark.parametrize("name", SIZES)
def test_is_called_as_the_whole_model_is(
    name: str, derivation: Derive, scaled_error: Callable[..., float]
) -> None:
    found = derivation(name)
    inputs, runner = found.inputs(*SIZES[name]), found.steps.runner(ORT_CPU)
    expected = found.captured.reference(inputs)
    assert scaled_error(expected, runner(inputs)) < TOLERANCE
    call = runner.bind(inputs)
    for _ in range(2):  # each from an empty cache
        assert scaled_error(expected, {"logits": np.asarray(call())}) < TOLERANCE
    for capacity in (0, 9):  # in blocks, as on devices, and just enough
        logits = runner.logits(inputs, (4, 1, 1, 3), capacity=capacity)
        assert scaled_error(expected, {"logits": logits}) < TOLERANCE


@pytest.mark.parametrize("name", ["rotary", "translation"])
def test_a_walk_gives_what_each_call_is_fed(name: str, derivation: Derive) -> None:
    found = derivation(name)
    steps, inputs = found.steps, found.inputs(*SIZES[name])
    generation = steps.generation
    fed = list(steps.runner(ORT_CPU).walk(inputs, (4, 5)))
    assert [set(each) for each in fed] == [{tensor.name for tensor in steps.main.graph.inputs}] * 2
    assert [each[generation.length].tolist() for each in fed] == [[0], [4]]
    tokens = np.concatenate([each[generation.tokens] for each in fed], axis=1)
    np.testing.assert_array_equal(tokens, inputs[generation.tokens])
    after = ORT_CPU.runner(steps.main.model)(fed[0])
    for cache in generation.cache:
        assert not fed[0][cache.past].any()
        np.testing.assert_allclose(fed[1][cache.past], after[cache.present], atol=TOLERANCE)


def test_a_sample_is_a_prompt_and_its_rest(derivation: Derive) -> None:
    found = derivation("rotary")
    halves = found.steps.samples(found.samples, ORT_CPU)[MAIN_GRAPH]
    assert len(halves) == 2 * len(found.samples)
    for sample, prompt, rest in zip(found.samples, halves[::2], halves[1::2], strict=True):
        joined = np.concatenate([prompt.inputs["tokens"], rest.inputs["tokens"]], axis=1)
        np.testing.assert_array_equal(joined, sample.inputs["tokens"])
        assert prompt.inputs["past_length"].tolist() == [0]
        assert rest.inputs["past_length"].tolist() == [prompt.inputs["tokens"].shape[1]]
        room = {half.inputs["past_key_0"].shape[2] for half in (prompt, rest)}
        assert room == {sample.inputs["tokens"].shape[1]}


@pytest.mark.parametrize("name", SIZES)
def test_int8_steps_load_and_run(
    name: str, derivation: Derive, int8_of: Callable[[ir.Model, Samples], Quantized]
) -> None:
    found = derivation(name)
    graphs, samples_of = found.steps.graphs, found.steps.samples(found.samples, ORT_CPU)
    assert graphs.keys() == samples_of.keys()
    for graph_name, samples in samples_of.items():
        lowered = lower(graphs[graph_name].model, LOWERINGS, ORT_CPU, [sample.inputs for sample in samples])
        assert lowered.refused == ()
        quantized = int8_of(lowered.model, samples)
        assert operators(quantized.model)["DynamicQuantizeMatMul"] > 0
        assert all(layer.r2 is None or layer.r2 > 0.98 for layer in quantized.layers)


def test_a_decoder_keeps_its_authors_settings(derivation: Derive) -> None:
    steps, defaults = derivation("rotary").steps, GenerationOptions(stop=(1,), temperature=0.7)
    cached = with_defaults(Cached(steps), defaults)
    assert cached.graphs.generation is not None
    assert cached.graphs.generation.defaults == defaults
    again = cached.graphs.with_models({name: part.model for name, part in steps.graphs.items()})
    assert again.generation is not None
    assert again.generation.defaults == defaults
    assert with_defaults(Cached(steps), NO_OPTIONS).graphs is steps


@pytest.mark.parametrize(
    ("defaults", "message"),
    [
        (GenerationOptions(stop=(100_000,)), r"generation\.defaults\.stop: token 100000 found, 0 to "),
        (GenerationOptions(start=(1,)), r"generation\.defaults\.start: found in a decoder alone"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    derivation: Derive, defaults: GenerationOptions, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        with_defaults(Cached(derivation("rotary").steps), defaults)


def test_a_model_without_a_cache_takes_no_settings(derivation: Derive) -> None:
    found = derivation("rotary")
    whole = Cached(WholeGraph.of(found.recovered.model, found.captured))
    with pytest.warns(UserWarning, match="no key-value cache"):
        assert with_defaults(whole, GenerationOptions(stop=(1,))) is whole
