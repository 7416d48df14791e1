from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.incremental import Steps
from edgeattn_export.incremental.kv_cache.stepping import StepRunner
from edgeattn_export.lower.ort_cpu import ORT_CPU

TOLERANCE = 1e-5  # of the logits' scale
SOURCE, LENGTH = 11, 9

Arrays = Mapping[str, NDArray[np.generic]]
Runners = Callable[[str], tuple[Any, Arrays, StepRunner]]


@pytest.fixture(scope="module")
def runners(derivation: Callable[[str], Any]) -> Runners:
    """A function that returns a derivation, inputs of its whole model and its steps as a runner."""

    def of(name: str) -> tuple[Any, Arrays, StepRunner]:
        found = derivation(name)
        lengths = (SOURCE, LENGTH) if name == "translation" else (LENGTH,)
        sizes = dict(zip(found.captured.axes.symbols, (3, *lengths), strict=True))
        inputs = sized_inputs(found.samples, found.captured.axes, sizes)
        return found, inputs, found.steps.runner(ORT_CPU)

    return of


@pytest.mark.parametrize("name", ["learned", "rotary", "translation"])
def test_is_called_as_the_whole_model_is(
    name: str, runners: Runners, scaled_error: Callable[[Arrays, Arrays], float]
) -> None:
    found, inputs, runner = runners(name)
    expected = found.captured.reference(inputs)
    assert scaled_error(expected, runner(inputs)) < TOLERANCE
    call = runner.bind(inputs)
    for _ in range(2):  # each from an empty cache
        assert scaled_error(expected, {found.steps.logits: np.asarray(call())}) < TOLERANCE


@pytest.mark.parametrize("chunks", [(LENGTH,), (4, 1, 1, 3)])
@pytest.mark.parametrize("name", ["learned", "translation"])
def test_logits_are_the_same_in_any_chunks(
    name: str, chunks: Sequence[int], runners: Runners, scaled_error: Callable[[Arrays, Arrays], float]
) -> None:
    found, inputs, runner = runners(name)
    expected = found.captured.reference(inputs)
    for capacity in (0, LENGTH):  # in blocks, as on devices, and just enough
        logits = {found.steps.logits: runner.logits(inputs, chunks, capacity=capacity)}
        assert scaled_error(expected, logits) < TOLERANCE


@pytest.mark.parametrize("name", ["rotary", "translation"])
def test_a_walk_gives_what_each_call_is_fed(name: str, runners: Runners) -> None:
    found, inputs, runner = runners(name)
    steps: Steps = found.steps
    fed = list(runner.walk(inputs, (4, 5)))
    assert [set(each) for each in fed] == [{tensor.name for tensor in steps.decoder.graph.inputs}] * 2
    assert [each[steps.length].tolist() for each in fed] == [[0], [4]]
    tokens = np.concatenate([each[steps.tokens] for each in fed], axis=1)
    np.testing.assert_array_equal(tokens, inputs[steps.tokens])
    session = ORT_CPU.runner(steps.decoder.model)
    after = session(fed[0])
    for cache in steps.caches:
        assert not fed[0][cache.past].any()
        np.testing.assert_allclose(fed[1][cache.past], after[cache.present], atol=TOLERANCE)
