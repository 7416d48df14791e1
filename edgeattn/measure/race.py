"""How fast the runners are, side by side on the same real inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median_low

from edgeattn.results.latency import PYTORCH, Conditions, Race
from edgeattn_export.graph.hosts import HERE, Host
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_runtime.bundle.manifest import Graph
from edgeattn_runtime.contract import bind
from edgeattn_runtime.timing.confidence import in_batches, ratio_of
from edgeattn_runtime.timing.interleaved import Clock, InTurn, Pace, Rounds
from edgeattn_runtime.timing.latency import Call, Latency, window_of

MOST_SAMPLES = 32  # timed at most, from the smallest to the largest
MOST_ROUNDS = 384  # counted at most: 12 passes over 32 samples
RACE_SECONDS = 20.0  # that a race may take, about
WARMING_SHARE = 0.2  # of them that calls may take until they get no faster
SETUP_ROUNDS = Rounds(least=1, most=1, warmup=1)  # the first call also sets a session up


def race(
    runners: Mapping[str, Runner],
    inputs: Iterable[Inputs],
    graph: Graph,
    *,
    threads: int,
    seconds: float | None = None,
    host: Host = HERE,
) -> Race:
    """Time all runners on a stratified share of the inputs, interleaved.

    A round is one call of each runner on one sample, and the samples take turns, so that the percentiles are
    over the inputs' own mix of sizes. Inputs are bound beforehand: no conversion is timed.

    Args:
        runners: By name; the caller has given each of them ``threads`` threads.
        inputs: Real ones, at least one.
        graph: The contract, by whose symbols the sizes are named.
        threads: For the conditions.
        seconds: That it may take in all, about; None takes ``RACE_SECONDS``.
        host: Times the calls where they run; this process times what it has opened, or had opened by workers.
    """
    inputs, seconds = list(inputs), RACE_SECONDS if seconds is None else seconds
    largest = stratified(inputs, len(inputs))[-1]
    trial = {name: runner.bind(largest) for name, runner in runners.items()}
    affordable = max(2, int(seconds / _round_seconds(trial, host)))
    timed = stratified(inputs, min(MOST_SAMPLES, affordable // 2))
    rounds = min(MOST_ROUNDS, affordable - len(timed)) // len(timed) * len(timed)
    calls = {name: InTurn([runner.bind(arrays) for arrays in timed]) for name, runner in runners.items()}
    measured = host.race(calls, Pace(rounds, len(timed), window_of(affordable), WARMING_SHARE * seconds))
    batches = {name: in_batches(times, unit=len(timed)) for name, times in measured.milliseconds.items()}
    return Race(
        {name: Latency.of(each) for name, each in batches.items()},
        Conditions(
            threads,
            median_shape(graph, timed),
            len(timed),
            rounds,
            warmup=measured.warmup,
            steady=measured.steady,
            surroundings=measured.surroundings,
        ),
        {name: ratio_of(batches[PYTORCH], batches[name]) for name in runners if PYTORCH in runners},
    )


def _round_seconds(calls: Mapping[str, Call], host: Host) -> float:
    """Return how long one call each takes, after another one that also sets a session up."""
    times = host.turns(calls, Clock("wall"), SETUP_ROUNDS)
    return sum(milliseconds for (milliseconds,) in times.values()) / 1e3


def median_shape(graph: Graph, timed: Iterable[Inputs]) -> dict[str, int]:
    """Return the median size of every symbolic dim over some inputs."""
    sizes = [bind(graph.inputs, arrays) for arrays in timed]
    return {symbol: median_low(size[symbol] for size in sizes) for symbol in sizes[0]}
