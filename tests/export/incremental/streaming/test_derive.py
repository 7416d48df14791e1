"""A step graph answers hop by hop what the whole graph answers at once, or there is a reason why not."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest
import torch
from draws import drawn_seed
from numpy.typing import NDArray
from torch import nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import constant
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.graph.samples import Samples, SampleSplit
from edgeattn_export.incremental import (
    Cached,
    StreamingGraphs,
    StreamRequest,
    WholeGraph,
    WrongHop,
    derive_streaming,
    with_streaming,
)
from edgeattn_export.incremental.streaming import derive
from edgeattn_export.incremental.streaming.rules import STREAM_RULES
from edgeattn_export.incremental.streaming.stream import Stream
from edgeattn_export.incremental.streaming.walk import Walk
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.float_graphs import float_graphs
from edgeattn_export.quantize.graphs import int8_graphs
from edgeattn_export.recover import recover
from edgeattn_export.targets.cpu import DYNAMIC_INT8, FORMS
from edgeattn_runtime.bundle.deviation import cosine
from edgeattn_runtime.errors import ModelError

# The folder is no package: its modules are found as those of a script beside them.
sys.path.insert(0, str(Path(__file__).parent))
from streaming_models import HOP, REFUSED, STREAMING, Each

LENGTHS = (24, 40, 60)
Answers = tuple[Mapping[str, NDArray[Any]], Mapping[str, NDArray[Any]]]


def whole_of(
    exported: Callable[..., tuple[Captured, Samples]], module: nn.Module
) -> tuple[WholeGraph, Samples]:
    torch.manual_seed(drawn_seed(0))
    inputs = [{"frames": torch.randn(1, length, 3)} for length in LENGTHS]
    captured, samples = exported(module.eval(), inputs, {"frames": ("batch", "times")})
    return WholeGraph.of(recover(captured, samples).model, captured), samples


@pytest.fixture(scope="module")
def streaming(exported: Callable[..., tuple[Captured, Samples]]) -> tuple[WholeGraph, Samples]:
    """Encoders that only look back, and real frames."""
    torch.manual_seed(drawn_seed(1))
    return whole_of(exported, Each(STREAMING))


@pytest.fixture(scope="module")
def graphs(streaming: tuple[WholeGraph, Samples]) -> StreamingGraphs:
    """Their step."""
    whole, samples = streaming
    derived = derive_streaming(whole, StreamRequest("frames", HOP), samples)
    assert isinstance(derived, StreamingGraphs), derived
    return derived


@pytest.fixture(scope="module")
def answers(graphs: StreamingGraphs) -> Answers:
    """What the whole answers to frames that no sample has, and what the step does."""
    frames = np.random.default_rng(drawn_seed(0)).standard_normal((1, 50 * HOP, 3)).astype(np.float32)
    whole = ORT_CPU.runner(graphs.main.model)({"frames": frames})
    return whole, graphs.streamed(ORT_CPU.runner(graphs.step.model), frames)


@pytest.fixture(scope="module")
def refused(exported: Callable[..., tuple[Captured, Samples]]) -> tuple[WholeGraph, Samples]:
    """Encoders that look ahead, or too far back, and one that does not."""
    others = {name: build for name, (build, _) in REFUSED.items()}
    return whole_of(exported, Each({**others, "sums": STREAMING["sums"]}))


@pytest.fixture(scope="module")
def reasons(refused: tuple[WholeGraph, Samples]) -> Mapping[str, str]:
    """Why there is no step, by output."""
    whole, samples = refused
    derived = derive_streaming(whole, StreamRequest("frames", HOP), samples)
    assert isinstance(derived, StreamingGraphs), derived
    assert derived.streaming.outputs == ("sums_answer",)  # what looks ahead beside it takes nothing from it
    return derived.left_out


@pytest.mark.parametrize("name", STREAMING)
def test_a_stream_answers_as_the_whole(name: str, answers: Answers) -> None:
    whole, streamed = answers
    np.testing.assert_allclose(streamed[f"{name}_answer"], whole[f"{name}_answer"], atol=3e-6, rtol=3e-5)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_stream_has_a_reason(name: str, reasons: Mapping[str, str]) -> None:
    assert re.search(REFUSED[name][1], reasons[f"{name}_answer"])


def test_a_step_has_no_symbol_and_takes_its_piece_and_states_alone(graphs: StreamingGraphs) -> None:
    piece, *pasts = graphs.step.graph.inputs
    assert (piece.name, piece.dims) == ("frames", (1, HOP, 3))
    assert [tensor.name for tensor in pasts] == [state.past for state in graphs.streaming.states]
    assert all(isinstance(dim, int) for tensor in pasts for dim in tensor.dims)


def test_a_hop_is_a_multiple_of_each_stride(streaming: tuple[WholeGraph, Samples]) -> None:
    whole, samples = streaming
    with pytest.raises(
        WrongHop, match=r"hop: 7 found, .* of layer '.*' does not .* a multiple of 14 expected"
    ):
        derive_streaming(whole, StreamRequest("frames", 7), samples)


def test_a_request_names_an_input(streaming: tuple[WholeGraph, Samples]) -> None:
    whole, samples = streaming
    with pytest.raises(WrongHop, match="'sound' found, a float32 input expected; there are frames"):
        derive_streaming(whole, StreamRequest("sound", HOP), samples)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"input": "audio"}, r'streaming: .* found, \{"input": "audio", "hop": 160\} expected'),
        ({"input": "audio", "hop": 160, "rate": 8000}, "streaming: .*'rate'.* found"),
        ({"input": "audio", "hop": 0}, "streaming.hop: 0 found, a whole number of 1 or more"),
        ({"input": "audio", "hop": 0.5}, "streaming.hop: 0.5 found"),
    ],
)
def test_a_request_has_an_input_and_a_hop(table: Mapping[str, object], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        StreamRequest.read(table)


def test_the_stage_tells_what_is_left_out_and_what_a_target_forbids(
    refused: tuple[WholeGraph, Samples], reasons: Mapping[str, str]
) -> None:
    whole, samples = refused
    request = StreamRequest("frames", HOP)
    assert with_streaming(Cached(whole), None, samples) == Cached(whole)
    streamed = with_streaming(Cached(whole), request, samples)
    assert isinstance(streamed.graphs, StreamingGraphs)
    told = {f"output {name!r}: {reason}" for name, reason in reasons.items()}
    assert {(each.rule, each.reason) for each in streamed.refused} == {("streaming", it) for it in told}
    fixed = with_streaming(Cached(whole), request, samples, fixing="qnn")
    assert fixed.graphs is whole
    assert [each.reason for each in fixed.refused] == [
        "target 'qnn' fixes sizes, and a whole of any length is asked for"
    ]


def test_both_graphs_have_the_same_int8_weights(
    streaming: tuple[WholeGraph, Samples], graphs: StreamingGraphs
) -> None:
    whole, samples = streaming
    split = SampleSplit(samples, samples, samples)
    floats = float_graphs(whole.captured, graphs, split, ORT_CPU, FORMS, None)
    assert set(floats.graphs) == {"model"}
    assert floats.step is not None
    int8 = int8_graphs(floats, DYNAMIC_INT8)
    assert set(int8.graphs) == {"model", "step"}
    assert set(int8.answering) == {"model"}
    stored = [
        {
            array.tobytes()
            for array in map(constant, part.quantized.model.graph.initializers.values())
            if array is not None and array.itemsize == 1 and array.size > 1
        }
        for part in (int8.graphs["model"], int8.graphs["step"])
    ]
    assert stored[0]
    assert stored[0] == stored[1]
    frames = samples[0].inputs["frames"]
    streamed = graphs.streamed(ORT_CPU.runner(int8.graphs["step"].quantized.model), frames)
    expected = ORT_CPU.runner(whole.main.model)({"frames": frames})
    for name, answer in streamed.items():
        assert cosine(expected[name].ravel().astype(float), answer.ravel().astype(float)) > 0.98, name


def _forgotten(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Sum each hop by itself."""
    stream = walk.aligned(node.inputs[0])
    (out,) = walk.draft.clone(node, [stream.value, walk.operand(node.inputs[1])])
    return [stream.on(out)]


def test_a_step_that_answers_otherwise_is_refused(
    streaming: tuple[WholeGraph, Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, samples = streaming
    monkeypatch.setattr(derive, "STREAM_RULES", {**STREAM_RULES, "CumSum": _forgotten})
    refused = derive_streaming(whole, StreamRequest("frames", HOP), samples)
    assert isinstance(refused, Refusal)
    assert re.match(rf"taken in \d+ hops of {HOP}, output '.*' differs .*by", refused.reason)
