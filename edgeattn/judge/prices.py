"""What each device's recipe costs on every device, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from edgeattn.judge.price import Price
from edgeattn.judge.request import Request
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.quantize.parts import Parts
from edgeattn_runtime.manifest import MAIN_GRAPH
from edgeattn_runtime.turns import Clock, InTurn, Rounds

TIMED = 8  # selection samples, from the smallest to the largest
ROUNDS = Rounds(least=5 * TIMED, most=50 * TIMED, seconds=2.0, warmup=TIMED)


def prices(variants: Mapping[str, Parts], inputs: list[Inputs], request: Request) -> tuple[Price, ...]:
    """Time variants side by side on every device.

    Args:
        variants: By their targets' names, all of one engine.
        inputs: Selection samples as the main graph sees them.
        request: Names the devices.
    """
    timed = stratified(inputs, TIMED)
    found: list[Price] = []
    for place in request.places:
        engine, threads = request.target.engine.on(place.host), place.threads
        calls = {}
        for name, parts in variants.items():
            runner = engine.runner(parts.graphs[MAIN_GRAPH].quantized.model, threads=threads)
            calls[name] = InTurn([runner.bind(arrays) for arrays in timed])
        times = place.host.turns(calls, Clock("processor" if threads == 1 else "wall"), ROUNDS)
        found += (
            Price(name, parts.recipe, str(place.name), threads, median(times[name]))
            for name, parts in variants.items()
        )
    return tuple(found)
