"""What is measured of chosen graphs on a device: their latency, and the golden outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from edgeattn.judge.choice import Choice
from edgeattn.judge.float_model import FloatModel
from edgeattn.judge.golden import REHEARSED, Golden
from edgeattn.judge.request import Request
from edgeattn.measure.race_there import race_there
from edgeattn.results.check import EdgeCase
from edgeattn.results.latency import FLOAT, INT8, Race
from edgeattn_export.cache import ModelGraphs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.golden import replay
from edgeattn_runtime.manifest import MAIN_GRAPH


def race_on_device(known: FloatModel, chosen: Choice, graphs: ModelGraphs, request: Request) -> Race:
    """Time the float and the int8 main graph side by side; of a decoder, its calls with a cache.

    Args:
        known: The model; its evaluation samples are run.
        chosen: The int8 graphs.
        graphs: What they were made of, in float.
        request: Names the device.
    """
    place, evaluation = request.place, known.samples.evaluation
    inputs: Sequence[Inputs] = [sample.inputs for sample in evaluation]
    model, engine = known.captured.model, known.captured.engine
    if graphs.generation is not None:
        prover = request.target.prover
        calls = graphs.samples(evaluation[:REHEARSED], prover)[MAIN_GRAPH]
        inputs = [call.inputs for call in calls]
        model, engine = graphs.main.model, prover
    floats = engine.on(place.host).runner(model, threads=place.threads)
    runners = {FLOAT: floats, INT8: _main(chosen, request)}
    contract = chosen.parts.graphs[MAIN_GRAPH].graph
    return race_there(runners, inputs, contract, threads=place.threads, turns=place.host.turns)


def golden_on_device(golden: Golden, chosen: Choice, request: Request) -> tuple[EdgeCase, ...]:
    """Replay golden vectors on the device, at the tolerance that they have here; a failed one fails all.

    Args:
        golden: The bundle's.
        chosen: The int8 graphs.
        request: Names the device.
    """
    main, tolerance = _main(chosen, request), golden.tolerance
    contract = chosen.parts.graphs[MAIN_GRAPH].graph

    def answered(**arrays: NDArray[Any]) -> dict[str, NDArray[Any]]:
        outputs = dict(main(arrays))
        for tensor in contract.outputs:
            if tensor.name not in outputs or outputs[tensor.name].dtype != tensor.dtype:
                raise BadInput(
                    f"device {request.place.name}: no {tensor.dtype} {tensor.name!r} in its answer; install "
                    "the same edgeattn on both"
                )
        return outputs

    results = replay(answered, golden.samples, tolerance=tolerance)
    return tuple(
        EdgeCase(
            f"golden sample {result.sample} on {request.place.name}, {result.output}",
            result.ok,
            result.cosine,
            None if result.ok else f"cosine {result.cosine:.4f}, {tolerance:.4f} expected",
        )
        for result in results
    )


def _main(chosen: Choice, request: Request) -> Runner:
    model = chosen.parts.graphs[MAIN_GRAPH].quantized.model
    return request.engine.runner(model, threads=request.place.threads)
