"""The float graph of an encoder that only looks back -> the same and a graph of one hop, or a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import numpy as np
import onnx_ir as ir

from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.graph.samples import Inputs, Sample, Samples, stratified
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.incremental.model_graphs import ModelGraph, WholeGraph, contract_of
from edgeattn_export.incremental.proof import Case, first_objection
from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_export.incremental.streaming.growth import HOPS, measure
from edgeattn_export.incremental.streaming.rules import STREAM_RULES
from edgeattn_export.incremental.streaming.steps import STEP_GRAPH, StreamingGraphs
from edgeattn_export.incremental.streaming.stream import Stream, StreamRequest, WrongHop
from edgeattn_export.incremental.streaming.walk import Walk
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH
from edgeattn_runtime.bundle.streaming import StateEntry, Streaming
from edgeattn_runtime.errors import EdgeAttnError

PROVEN_SAMPLES = 8  # of each part, from the shortest to the longest
TIMES_LONGER = 3  # than the longest sample is what a stream is proven on besides


def derive_streaming(
    whole: WholeGraph, request: StreamRequest, samples: Samples, later: Iterable[Sample] = ()
) -> StreamingGraphs | Refusal:
    """Give an encoder a graph that answers hop by hop, with states in and out.

    Time is followed from the input through the recovered graph. What is computed for each time by itself is
    taken over; causal convolutions, sums and attentions of a limited window keep what they look back on.
    What looks ahead, or over all time at once, ends the way: an output behind it is left out.

    The step form is proven, hop by hop, on the samples and on longer sequences made of them.

    Args:
        whole: The recovered graph, and what it was captured as.
        request: What arrives piece by piece.
        samples: Real inputs, of which it is derived.
        later: More of them, which it must answer too.

    Returns:
        Both graphs, or the reason why there is no second one.

    Raises:
        WrongHop: The request does not fit the model: no such input, or a hop that a stride does not divide.
    """
    try:
        graphs = _derived(whole, request, samples)
        reason = first_objection(whole.captured, _cases(graphs, whole.captured, samples, later))
    except WrongHop:
        raise
    except EdgeAttnError as verdict:
        return Refusal(str(verdict))
    return graphs if reason is None else Refusal(reason)


def _derived(whole: WholeGraph, request: StreamRequest, samples: Samples) -> StreamingGraphs:
    captured = whole.captured
    tensor, axis = request.place(captured.graph)
    if len(captured.graph.inputs) > 1:
        others = ", ".join(each.name for each in captured.graph.inputs if each != tensor)
        raise CannotStep(f"the model takes {others} and {tensor.name}; a stream has one input")
    most = captured.symbols[str(tensor.dims[axis])].max
    most_hops = None if most is None else most // request.hop
    growth = measure(
        whole.main.model, captured.engine, _of_hops(captured, samples, request, axis), _lengths(most_hops)
    )
    walk = Walk(growth, STREAM_RULES, request.hop, most_hops)
    given = next(value for value in whole.main.model.graph.inputs if value.name == tensor.name)
    dims = [
        request.hop if i == axis else dim if isinstance(dim, int) else 1 for i, dim in enumerate(tensor.dims)
    ]
    piece = ir.Value(name=given.name, type=given.type, shape=ir.Shape(dims))
    walk.follow(given, Stream(piece, axis, request.hop))
    answers, reasons = _answers(walk, whole.main.model.graph.outputs)
    model = walk.draft.model([piece], [stream.value for stream in answers.values()], "step")
    states = tuple(StateEntry(past.name or "", present.name or "") for past, present in walk.draft.states)
    if not states:
        raise CannotStep("every frame is answered by itself; cut the input into hops, and call the model")
    streaming = Streaming(
        step=STEP_GRAPH, input=tensor.name, axis=axis, hop=request.hop, outputs=tuple(answers), states=states
    )
    step = ModelGraph(model, contract_of(model), outputs=tuple(answers))
    times = {name: stream.axis for name, stream in answers.items()}
    return StreamingGraphs(
        graphs={MAIN_GRAPH: whole.main, STEP_GRAPH: step},
        symbols=whole.symbols,
        streaming=streaming,
        captured=captured,
        times=times,
        left_out=reasons,
    )


def _answers(walk: Walk, outputs: Sequence[ir.Value]) -> tuple[dict[str, Stream], dict[str, str]]:
    """Return the outputs that a step answers for, and of the others the reasons why not.

    Raises:
        CannotStep: It answers for none.
    """
    answers: dict[str, Stream] = {}
    reasons: dict[str, str] = {}
    for value in outputs:
        name = value.name or ""
        try:
            stream = walk.aligned(value)
        except CannotStep as reason:
            reasons[name] = str(reason)
            continue
        out = walk.draft.op("Identity", [stream.value])
        out.name, out.type, out.shape = name, stream.value.type, stream.value.shape
        answers[name] = stream.on(out)
    if not answers:
        raise CannotStep("; ".join(dict.fromkeys(reasons.values())))
    return answers, reasons


def _lengths(most: int | None) -> tuple[int, ...]:
    """Return the hops at which a graph is measured.

    Raises:
        CannotStep: It ends before.
    """
    if most is None or most >= HOPS[-1]:
        return HOPS
    if most < len(HOPS):
        raise CannotStep(f"the model takes {most} hops at most; {len(HOPS)} or more expected")
    return (HOPS[0], HOPS[1], 3 * HOPS[0]) if most >= 3 * HOPS[0] else (most - 2, most - 1, most)


def _of_hops(
    captured: Captured, samples: Samples, request: StreamRequest, axis: int
) -> Callable[[int], Inputs]:
    """Return what gives real inputs of so many hops, one row of them."""
    axes = captured.axes
    sizes = {} if axes.batch is None else {axes.batch: 1}
    symbol = str(axes.dims[request.input][axis])
    return lambda hops: sized_inputs(samples, axes, {**sizes, symbol: hops * request.hop})


def _cases(
    graphs: StreamingGraphs, captured: Captured, samples: Samples, later: Iterable[Sample]
) -> Iterator[Case]:
    """Yield whole hops of inputs, and what the step answers to them."""
    streaming, step = graphs.streaming, captured.engine.runner(graphs.step.model)
    for inputs in _proof_inputs(graphs, captured, samples, later):
        given = inputs[streaming.input]
        hops = given.shape[streaming.axis] // streaming.hop
        fed = given.take(np.arange(hops * streaming.hop), axis=streaming.axis)
        division = f"taken in {hops} hops of {streaming.hop}, "
        yield Case({streaming.input: fed}, division, partial(graphs.streamed, step, fed))


def _proof_inputs(
    graphs: StreamingGraphs, captured: Captured, samples: Samples, later: Iterable[Sample]
) -> Iterable[Inputs]:
    """Yield samples of some lengths, a few hops, and a sequence that is longer than all."""
    streaming = graphs.streaming
    for part in (samples, later):
        rows = [sample.inputs[streaming.input][:1] for sample in part]
        every = [{streaming.input: row} for row in rows if row.shape[streaming.axis] >= streaming.hop]
        yield from stratified(every, PROVEN_SAMPLES) if every else ()
    request = StreamRequest(streaming.input, streaming.hop)
    of_hops = _of_hops(captured, samples, request, streaming.axis)
    longest = max(sample.inputs[streaming.input].shape[streaming.axis] for sample in samples) // streaming.hop
    most = captured.symbols[str(captured.axes.dims[streaming.input][streaming.axis])].max
    for hops in (HOPS[0] + 1, max(TIMES_LONGER * longest, 2 * HOPS[-1])):
        yield of_hops(hops if most is None else min(hops, most // streaming.hop))
