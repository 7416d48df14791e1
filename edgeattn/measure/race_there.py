"""How fast graphs are on a device, side by side on the same real inputs: as ``race`` does here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgeattn.measure.race import ROUNDS, SAMPLES, SECONDS, median_shape
from edgeattn.results.latency import Conditions, Race
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_runtime.batches import in_batches
from edgeattn_runtime.latency import Latency
from edgeattn_runtime.manifest import Graph
from edgeattn_runtime.turns import Clock, InTurn, Rounds, Turns

ONCE = Rounds(least=1, most=1, warmup=1)  # the first call also sets a session up


def race_there(
    runners: Mapping[str, Runner],
    inputs: Iterable[Inputs],
    graph: Graph,
    *,
    threads: int,
    turns: Turns,
) -> Race:
    """Time graphs on a stratified share of the inputs, interleaved, in one measurement of the device.

    Args:
        runners: By name, opened on the device with ``threads`` threads.
        inputs: Real ones, at least one.
        graph: The contract, by whose symbols the sizes are named.
        threads: For the conditions.
        turns: Times calls there.
    """
    inputs = list(inputs)
    largest = stratified(inputs, len(inputs))[-1]
    trial = turns({name: runner.bind(largest) for name, runner in runners.items()}, Clock("wall"), ONCE)
    affordable = max(2, int(SECONDS * 1e3 / sum(found[0] for found in trial.values())))
    timed = stratified(inputs, min(SAMPLES, affordable // 2))
    rounds = min(ROUNDS, affordable - len(timed)) // len(timed) * len(timed)
    calls = {name: InTurn([runner.bind(arrays) for arrays in timed]) for name, runner in runners.items()}
    times = turns(calls, Clock("wall"), Rounds(rounds, rounds, warmup=len(timed)))
    latencies = {name: Latency.of(in_batches(found, unit=len(timed))) for name, found in times.items()}
    shape = median_shape(graph, timed)
    return Race(latencies, Conditions(threads, shape, len(timed), rounds, warmup=len(timed)))
