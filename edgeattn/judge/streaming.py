"""How right and how fast int8 is hop by hop, against the original on the full sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median

import numpy as np

from edgeattn.judge.edge_cases import MOST_ERROR, row_error
from edgeattn.judge.models import Int8Model
from edgeattn.measure.runners import THREADS
from edgeattn.results.check import EdgeCase
from edgeattn.results.latency import FLOAT, INT8
from edgeattn_export.graph.samples import Inputs, Samples, stratified
from edgeattn_export.incremental import StreamingGraphs
from edgeattn_runtime.bundle.streaming import hop_shape
from edgeattn_runtime.graph import Graph
from edgeattn_runtime.timing.interleaved import Clock, InTurn, Rounds

STREAMED_SAMPLES = 4  # from the shortest to the longest
TIMED_HOPS = 8
ROUNDS = Rounds(least=5 * TIMED_HOPS, most=50 * TIMED_HOPS, seconds=1.0, warmup=TIMED_HOPS)


def streamed_of(model: Int8Model, samples: Samples) -> tuple[tuple[EdgeCase, ...], tuple[str, ...]]:
    """Take evaluation samples hop by hop, and time a hop: a case and a note, of a model that streams."""
    graphs = model.lowered.graphs
    if not isinstance(graphs, StreamingGraphs):
        return (), ()
    inputs = list(_whole_hops(graphs, samples))
    return (_case(model, graphs, inputs),) if inputs else (), (_note(model, graphs),)


def _whole_hops(graphs: StreamingGraphs, samples: Samples) -> Iterator[Inputs]:
    """Yield a few samples, a row of each, cut to whole hops."""
    streaming = graphs.streaming
    for sample in stratified((sample.inputs for sample in samples), STREAMED_SAMPLES):
        whole = sample[streaming.input][:1]
        hops = whole.shape[streaming.axis] // streaming.hop
        if hops:
            yield {streaming.input: whole.take(np.arange(hops * streaming.hop), axis=streaming.axis)}


def _case(model: Int8Model, graphs: StreamingGraphs, samples: list[Inputs]) -> EdgeCase:
    """Compare what int8 answers hop by hop with what the original answers to the whole."""
    streaming = graphs.streaming
    int8 = model.choice.int8.graphs[streaming.step].quantized.model
    step, original = model.request.target.device.runner(int8), model.float_model.captured.reference
    spreads, largest = model.float_model.comparison.spreads, 0.0
    for inputs in samples:
        expected, actual = original(inputs), graphs.streamed(step, inputs[streaming.input])
        largest = max(largest, row_error(spreads, expected, actual))
    name, most = f"hop by hop, {streaming.hop} of {streaming.input!r} at once", MOST_ERROR[INT8]
    if largest <= most:
        return EdgeCase(name, ok=True, error=largest)
    message = f"error of {INT8} {largest:.3g} of what answers vary by, at most {most:g} expected"
    return EdgeCase(name, ok=False, error=largest, reason=message)


def _note(model: Int8Model, graphs: StreamingGraphs) -> str:
    """Say what a hop is, what it takes, and what is kept between hops."""
    streaming, times, own = graphs.streaming, _times(model, graphs), model.float_model.source.processing
    audio = None if own is None else own.processing.audio
    lasting = "" if audio is None else f" ({1e3 * streaming.hop / audio.rate:g} ms)"
    kilobytes = _state_bytes(graphs.step.graph, streaming.input) / 1e3
    hop = f"Streams in hops of {streaming.hop} of {streaming.input!r}{lasting}, and keeps {kilobytes:.3g} kB"
    if not times:
        return f"{hop}."
    return (
        f"{hop}. A hop takes {times[INT8]:.3g} ms in int8 and {times[FLOAT]:.3g} in float, however long the "
        "stream."
    )


def _state_bytes(step: Graph, piece: str) -> int:
    states = (tensor for tensor in step.inputs if tensor.name != piece)
    return sum(np.zeros(hop_shape(tensor), tensor.dtype).nbytes for tensor in states)


def _times(model: Int8Model, graphs: StreamingGraphs) -> Mapping[str, float]:
    """Return the milliseconds of a hop, p50, float and int8 in turn; nothing where the engine is not run."""
    request, streaming = model.request, graphs.streaming
    if not request.is_in_process:
        return {}
    engine, host = request.engine, request.engine.host
    calls = graphs.samples(model.float_model.samples.selection, request.target.prover)[streaming.step]
    timed = [call.inputs for call in calls][-TIMED_HOPS:]
    models = {FLOAT: graphs.step.model, INT8: model.choice.int8.graphs[streaming.step].quantized.model}
    runners = {name: engine.runner(each, threads=THREADS) for name, each in models.items()}
    bound = {name: InTurn([runner.bind(inputs) for inputs in timed]) for name, runner in runners.items()}
    return {name: median(each) for name, each in host.turns(bound, Clock("processor"), ROUNDS).items()}
