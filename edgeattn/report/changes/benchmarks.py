"""What became slower or faster from one benchmark to another: by more than both are unsure of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from edgeattn.results.benchmark import Benchmark, Point
from edgeattn.results.latency import INT8
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.timing.confidence import Estimate, Interval

Trend = Literal["worse", "better", "same", "unknown"]


@dataclass(frozen=True, slots=True)
class BenchmarkChange:
    """A figure of two benchmarks.

    Attributes:
        name: Such as "p50, ms".
        at: The shape and the threads; empty of what is of no shape.
        more_is_better: Whether a larger figure is the better one.
    """

    name: str
    at: str
    before: Estimate
    after: Estimate
    more_is_better: bool = False

    @property
    def verdict(self) -> Trend:
        """Worse or better where the intervals have nothing in common; unknown where one has none."""
        old, new = self.before.interval, self.after.interval
        if old is None or new is None:
            return "unknown"
        return interval_trend(old, new, more_is_better=self.more_is_better)


def interval_trend(
    old: Interval, new: Interval, *, more_is_better: bool
) -> Literal["better", "worse", "same"]:
    """Compare two intervals: they differ where they have no number in common."""
    if old.overlaps(new):
        return "same"
    return "better" if (new.low > old.high) == more_is_better else "worse"


def benchmark_changes(before: Benchmark, after: Benchmark) -> tuple[BenchmarkChange, ...]:
    """Compare every figure that two benchmarks have in common and that has an interval in one of them.

    Raises:
        BadInput: They have no shape and number of threads in common.
    """
    old, new = ({_point_name(point): point for point in it.points} for it in (before, after))
    common = [place for place in old if place in new]
    if not common:
        raise BadInput(
            f"--compare: {_point_names(before)} and {_point_names(after)} found, a shape in common expected; "
            "run both benchmarks with the same --shape and --threads"
        )
    changes = [change for place in common for change in _of_point(place, old[place], new[place])]
    return (
        *changes,
        BenchmarkChange("load, ms", "", before.start.load_ms, after.start.load_ms),
        BenchmarkChange("first call, ms", "", before.start.first_call_ms, after.start.first_call_ms),
    )


def remarks(before: Benchmark, after: Benchmark) -> tuple[str, ...]:
    """Return what a reader of the changes must know, a line each."""
    return (*_comparability(before, after), *_disturbances("before", before), *_disturbances("after", after))


def _comparability(before: Benchmark, after: Benchmark) -> Iterator[str]:
    if (before.bundle, before.target) != (after.bundle, after.target):
        yield (f"Other bundles: {before.bundle} for {before.target}, then {after.bundle} for {after.target}")
    elif before.graphs != after.graphs:
        yield "Other graphs: the bundle was exported again in between"
    if before.machine != after.machine:
        yield f"Other machines, or other software: {before.machine}, then {after.machine}"
    if before.timed != after.timed:
        yield f"Other inputs: {before.timed}, then {after.timed}"
    lost = [
        _point_name(point)
        for point in before.points
        if _point_name(point) not in map(_point_name, after.points)
    ]
    if lost:
        yield f"Only in the first: {'; '.join(lost)}"


def _disturbances(when: str, benchmark: Benchmark) -> Iterator[str]:
    disturbances: dict[str, None] = {}
    for point in benchmark.points:
        surroundings = point.latency_ms.conditions.surroundings
        disturbances.update(dict.fromkeys(surroundings.disturbances if surroundings else ()))
    if disturbances:
        yield f"Disturbed {when}: {'; '.join(disturbances)}"


def _of_point(place: str, old: Point, new: Point) -> Iterator[BenchmarkChange]:
    before, after = old.latency_ms[INT8], new.latency_ms[INT8]
    for name in ("p50", "p90", "p99"):
        old_figure, new_figure = (
            Estimate(getattr(it, name), getattr(it, f"{name}_interval")) for it in (before, after)
        )
        if old_figure.interval is not None or new_figure.interval is not None:
            yield BenchmarkChange(f"{name}, ms", place, old_figure, new_figure)
    ratios = (old.latency_ms.speedups.get(INT8), new.latency_ms.speedups.get(INT8))
    if ratios[0] is not None and ratios[1] is not None:
        yield BenchmarkChange("speedup, p50", place, ratios[0], ratios[1], more_is_better=True)


def _point_name(point: Point) -> str:
    threads = point.latency_ms.conditions.threads
    sizes = [f"{symbol} {size}" for symbol, size in point.sizes.items()] or ["samples as they are"]
    return ", ".join((*sizes, f"{threads} thread{'s' if threads > 1 else ''}"))


def _point_names(benchmark: Benchmark) -> str:
    return "; ".join(map(_point_name, benchmark.points)) or "nothing"
