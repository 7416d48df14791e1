"""How fast the runners are, side by side on the same real inputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import cycle
from statistics import median_low

from edgeattn.measure.runners import Arrays, Call, Runner
from edgeattn.measure.spread import spread
from edgeattn_runtime.contract import bind
from edgeattn_runtime.fields import Field
from edgeattn_runtime.latency import Latency, interleave
from edgeattn_runtime.manifest import Graph

SAMPLES = 32  # timed at most, from the smallest to the largest
ROUNDS = 384  # counted at most: 12 passes over 32 samples
SECONDS = 20.0  # that a race may take, about


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under what a latency was measured.

    Attributes:
        threads: Cores that one operator may use, the same for all.
        shape: The median size of every symbolic dim over the timed samples.
        samples: How many samples were timed, from the smallest to the largest.
        rounds: Calls counted per model, interleaved, over all of these samples.
        spinning: Whether threads busy-wait for work. They never do: an app pays for it in battery.
    """

    threads: int
    shape: Mapping[str, int]
    samples: int
    rounds: int
    spinning: bool = False

    @classmethod
    def from_field(cls, field: Field) -> Conditions:
        """Read conditions from JSON; raises BundleError as a Field does."""
        fields = field.record(*cls.__dataclass_fields__)
        if fields["spinning"].value is not False:
            raise fields["spinning"].refusal("false")
        return cls(
            threads=fields["threads"].integer(1),
            shape={symbol: size.integer(1) for symbol, size in fields["shape"].table().items()},
            samples=fields["samples"].integer(1),
            rounds=fields["rounds"].integer(1),
        )


@dataclass(frozen=True, slots=True)
class Race:
    """Latencies in ms by runner, measured side by side, and their conditions."""

    latencies: Mapping[str, Latency]
    conditions: Conditions

    def __getitem__(self, runner: str) -> Latency:
        return self.latencies[runner]

    def to_table(self) -> dict[str, object]:
        """Return what JSON holds: the runners' percentiles and, beside them, the conditions."""
        return {
            **{name: asdict(latency) for name, latency in self.latencies.items()},
            "conditions": asdict(self.conditions),
        }

    @classmethod
    def from_field(cls, field: Field) -> Race:
        """Read what ``to_table`` returned from JSON; raises BundleError as a Field does."""
        fields = field.table()
        if "conditions" not in fields:
            raise field.refusal("latencies and their conditions")
        conditions = Conditions.from_field(fields.pop("conditions"))
        return cls({name: _latency(item) for name, item in fields.items()}, conditions)


def race(runners: Mapping[str, Runner], inputs: Iterable[Arrays], graph: Graph, *, threads: int) -> Race:
    """Time all runners on a spread of the inputs, interleaved, for about ``SECONDS`` in all.

    A round is one call of each runner on one sample, and the samples take turns, so that the percentiles are
    over the inputs' own mix of sizes. Inputs are bound beforehand: no conversion is timed.

    Args:
        runners: By name; the caller has given each of them ``threads`` threads.
        inputs: Real ones, at least one.
        graph: The contract, by whose symbols the sizes are named.
        threads: For the conditions.
    """
    inputs = list(inputs)
    largest = spread(inputs, len(inputs))[-1]
    affordable = max(2, int(SECONDS / _round_seconds([runner.bind(largest) for runner in runners.values()])))
    timed = spread(inputs, min(SAMPLES, affordable // 2))
    passes = min(ROUNDS, affordable - len(timed)) // len(timed)
    calls = {name: _in_turn(runner.bind(arrays) for arrays in timed) for name, runner in runners.items()}
    latencies = interleave(calls, rounds=passes * len(timed), warmup=len(timed))
    return Race(latencies, Conditions(threads, _shape(graph, timed), len(timed), passes * len(timed)))


def _round_seconds(calls: list[Call]) -> float:
    for call in calls:
        call()  # the first call of a model also sets it up
    start = time.perf_counter()
    for call in calls:
        call()
    return time.perf_counter() - start


def _in_turn(calls: Iterable[Call]) -> Callable[[], object]:
    turns = cycle(list(calls))
    return lambda: next(turns)()


def _shape(graph: Graph, timed: list[Arrays]) -> dict[str, int]:
    sizes = [bind(graph.inputs, arrays) for arrays in timed]
    return {symbol: median_low(size[symbol] for size in sizes) for symbol in sizes[0]}


def _latency(field: Field) -> Latency:
    fields = field.record(*Latency.__dataclass_fields__)
    return Latency(
        p50=fields["p50"].number(),
        p90=fields["p90"].number(),
        p99=fields["p99"].number(),
        count=fields["count"].integer(1),
    )
