"""A stream in steps: each hop is computed once, and the answers are those of the whole."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from draws import drawn_seed

from edgeattn_runtime import BundleError, Deadline, DeadlineError, InputError, Model, StepStream, load
from edgeattn_runtime.streams.stateful_encoder import Step

SOUND = np.random.default_rng(drawn_seed(0)).uniform(-0.9, 0.6, 41).astype(np.float32)
HOP = 4  # samples, of steps-sound.edge


@pytest.fixture
def net(conformance: Path) -> Model:
    """A model that takes sounds of one channel."""
    return load(conformance / "steps-sound.edge")


@pytest.mark.parametrize("came", [1, 3, 4, 9, 41])
def test_hops_together_are_the_whole_however_they_come(came: int, net: Model) -> None:
    stream = StepStream(net)
    assert stream.hop == HOP
    moments = [moment for i in range(0, 41, came) for moment in stream.push(SOUND[i : i + came])]
    assert [moment.end for moment in moments] == list(range(HOP, 41, HOP))
    whole = net(x=SOUND[np.newaxis, :40])
    for name, expected in whole.items():
        found = np.concatenate([moment.outputs[name] for moment in moments], axis=1)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_moments_keep_what_they_were_answered_with(net: Model) -> None:
    stream = StepStream(net)
    (first,) = stream.push(SOUND[:HOP])
    kept = {name: array.copy() for name, array in first.outputs.items()}
    stream.push(SOUND[HOP:])
    for name, array in kept.items():
        np.testing.assert_array_equal(first.outputs[name], array)


def test_reset_begins_anew(net: Model) -> None:
    stream = StepStream(net)
    begun = stream.push(SOUND[: HOP + 1])
    stream.push(SOUND[HOP:-1])  # an odd number of hops more
    stream.reset()
    again = stream.push(SOUND[: HOP + 1])
    assert [moment.end for moment in again] == [HOP]
    np.testing.assert_array_equal(again[0].outputs["mean"], begun[0].outputs["mean"])


def test_memory_is_flat(net: Model) -> None:
    stream = StepStream(net)
    tracemalloc.start()
    try:
        for _ in range(50):
            stream.push(SOUND)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            stream.push(SOUND)
        assert tracemalloc.get_traced_memory()[0] - before < 4096
    finally:
        tracemalloc.stop()


def test_a_hop_that_is_refused_is_passed_over(net: Model) -> None:
    stream, spoiled = StepStream(net), SOUND[: 3 * HOP].copy()
    spoiled[HOP] = 2
    with pytest.raises(InputError, match="-1 to 1"):
        stream.push(spoiled)
    (moment,) = stream.push(SOUND[:0])
    assert moment.end == 3 * HOP
    whole = net(x=np.delete(spoiled, range(HOP, 2 * HOP))[np.newaxis])
    np.testing.assert_allclose(moment.outputs["mean"], whole["mean"][:, HOP:], atol=1e-6)


def test_a_step_that_does_not_end_leaves_the_state(net: Model) -> None:
    stream = StepStream(net)
    stream.push(SOUND[:HOP])
    with Deadline() as deadline:
        deadline.cancel()
        with pytest.raises(DeadlineError):
            stream.push(SOUND[HOP : 2 * HOP])
    (moment,) = stream.push(SOUND[2 * HOP : 3 * HOP])
    whole = net(x=np.delete(SOUND[: 3 * HOP], range(HOP, 2 * HOP))[np.newaxis])
    np.testing.assert_allclose(moment.outputs["mean"], whole["mean"][:, HOP:], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("steps", np.zeros((4, 3)), "float64 [4, 3] found, float32 of [time, 3] expected"),
        ("steps", np.zeros((4, 2), np.float32), "float32 [4, 2] found, float32 of [time, 3] expected"),
        ("steps", np.zeros(4, np.float32), "float32 [4] found, float32 of [time, 3] expected"),
        ("steps-rows", np.zeros((3, 9), np.float32), "float32 [3, 9] found, float32 of [2, time] expected"),
        ("steps-sound", np.zeros((2, 9)), "float64 [2, 9] found, numbers of [1, time] expected"),
        ("steps-stereo", np.zeros(9), "float64 [9] found, numbers of [2, time] expected"),
        ("steps-series", ["a"], "<U1 [1] found, numbers of [2, time] expected"),
        ("steps", [[1.0, 2.0], [3.0]], "what has come: no array can be made of it"),
    ],
)
def test_what_is_refused_takes_nothing(name: str, values: object, message: str, conformance: Path) -> None:
    stream = StepStream(load(conformance / f"{name}.edge"))
    with pytest.raises(InputError) as caught:
        stream.push(values)
    assert str(caught.value).startswith(message)
    right = np.zeros((stream.hop, 3) if name == "steps" else (2, stream.hop), np.float32)
    assert [moment.end for moment in stream.push(right[:1] if name == "steps-sound" else right)] == [
        stream.hop
    ]


def test_numbers_of_python_take_the_inputs_dtype(conformance: Path) -> None:
    stream = StepStream(load(conformance / "steps.edge"))
    assert len(stream.push([[0.5, 1, 2], [3, 4, 5]])) == 1


def test_a_closed_model_is_refused(net: Model) -> None:
    stream = StepStream(net)
    net.close()
    with pytest.raises(InputError, match="a closed model"):
        stream.push(SOUND[:1])
    with pytest.raises(InputError, match="a closed model"):
        StepStream(net)


def test_a_bundle_without_steps_is_refused(conformance: Path) -> None:
    with pytest.raises(InputError, match="tiny: no 'streaming' in its manifest"):
        StepStream(load(conformance / "good.edge"))


def test_a_graph_that_gives_other_states_than_it_says_fails(
    edited: Callable[[str, Callable[[Any], None]], Path],
) -> None:
    def lengthen(manifest: Any) -> None:
        step = manifest["graphs"]["step"]
        for tail in (step["inputs"][3], step["outputs"][5]):
            tail["dims"] = ["batch", 3, 3]

    with pytest.raises(BundleError):
        StepStream(load(edited("steps", lengthen))).push(np.zeros((2, 3), np.float32))


def test_a_hop_of_another_shape_is_never_repeated(net: Model) -> None:
    assert net.manifest.streaming is not None
    step = Step(net.graph("step").session, net.manifest.streaming)
    with pytest.raises(BundleError, match=r"a hop of \[1, 1\] found, \[1, 4\] expected"):
        step(np.zeros((1, 1), np.float32))
