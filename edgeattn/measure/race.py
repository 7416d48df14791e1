"""How fast the runners are, side by side on the same real inputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from itertools import cycle
from statistics import median_low

from edgeattn.results.latency import PYTORCH, Conditions, Race
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_runtime.batches import in_batches, ratio_of
from edgeattn_runtime.contract import bind
from edgeattn_runtime.latency import Latency, milliseconds, take_turns, warm_up, window_of
from edgeattn_runtime.manifest import Graph
from edgeattn_runtime.surroundings import Watch

SAMPLES = 32  # timed at most, from the smallest to the largest
ROUNDS = 384  # counted at most: 12 passes over 32 samples
SECONDS = 20.0  # that a race may take, about
WARMING = 0.2  # of them that calls may take until they get no faster


def race(
    runners: Mapping[str, Runner],
    inputs: Iterable[Inputs],
    graph: Graph,
    *,
    threads: int,
    seconds: float | None = None,
) -> Race:
    """Time all runners on a stratified share of the inputs, interleaved.

    A round is one call of each runner on one sample, and the samples take turns, so that the percentiles are
    over the inputs' own mix of sizes. Inputs are bound beforehand: no conversion is timed.

    Args:
        runners: By name; the caller has given each of them ``threads`` threads.
        inputs: Real ones, at least one.
        graph: The contract, by whose symbols the sizes are named.
        threads: For the conditions.
        seconds: That it may take in all, about; None takes ``SECONDS``.
    """
    inputs, seconds = list(inputs), SECONDS if seconds is None else seconds
    largest = stratified(inputs, len(inputs))[-1]
    affordable = max(2, int(seconds / _round_seconds([runner.bind(largest) for runner in runners.values()])))
    timed = stratified(inputs, min(SAMPLES, affordable // 2))
    passes = min(ROUNDS, affordable - len(timed)) // len(timed)
    calls = {name: _in_turn(runner.bind(arrays) for arrays in timed) for name, runner in runners.items()}
    warm = warm_up(calls, seconds=WARMING * seconds, unit=len(timed), window=window_of(affordable))
    watch = Watch()
    times = take_turns(calls, milliseconds, rounds=passes * len(timed), warmup=0)
    batches = {name: in_batches(found, unit=len(timed)) for name, found in times.items()}
    return Race(
        {name: Latency.of(found) for name, found in batches.items()},
        Conditions(
            threads,
            median_shape(graph, timed),
            len(timed),
            passes * len(timed),
            warmup=warm.rounds,
            steady=warm.steady,
            surroundings=watch.surroundings(),
        ),
        {name: ratio_of(batches[PYTORCH], batches[name]) for name in runners if PYTORCH in runners},
    )


def _round_seconds(calls: list[Callable[[], object]]) -> float:
    for call in calls:
        call()  # the first call of a model also sets it up
    start = time.perf_counter()
    for call in calls:
        call()
    return time.perf_counter() - start


def _in_turn(calls: Iterable[Callable[[], object]]) -> Callable[[], object]:
    turns = cycle(list(calls))
    return lambda: next(turns)()


def median_shape(graph: Graph, timed: Iterable[Inputs]) -> dict[str, int]:
    """Return the median size of every symbolic dim over some inputs."""
    sizes = [bind(graph.inputs, arrays) for arrays in timed]
    return {symbol: median_low(size[symbol] for size in sizes) for symbol in sizes[0]}
