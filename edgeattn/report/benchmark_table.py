"""A benchmark, and what changed between two of them, as a person reads them on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edgeattn.report.changes.benchmarks import BenchmarkChange, Trend
from edgeattn.report.changes.benchmarks import remarks as remarks_on
from edgeattn.report.graph_words import module_name
from edgeattn.report.number_words import RUNNER_LABELS, UNSURE, count, figure, runner_label
from edgeattn.report.table import machine_line
from edgeattn.report.table.layout import listing
from edgeattn.results.benchmark import Benchmark, Point, TokenTime
from edgeattn.results.latency import COMPILED, PYTORCH
from edgeattn_runtime.commands.tables import margin_text
from edgeattn_runtime.timing.confidence import Estimate, Interval, Ratio
from edgeattn_runtime.timing.surroundings import State

SHOWN_MODULES = 10  # shown at most

_STYLES: Mapping[Trend, str] = {"worse": "red", "better": "green", "same": "dim", "unknown": "yellow"}


def benchmark_parts(benchmark: Benchmark) -> tuple[RenderableType, ...]:
    """Lay out a benchmark: times, where they go, start and memory, the machine and what disturbed it."""
    return (
        _times(benchmark),
        *map(Text, _lines(benchmark)),
        *([_modules(benchmark.modules)] if benchmark.modules else []),
        Text("\n".join(_conditions_lines(benchmark)), style="dim"),
        machine_line(benchmark.machine),
    )


def benchmark_changes_parts(
    changes: Iterable[BenchmarkChange], before: Benchmark, after: Benchmark
) -> tuple[RenderableType, ...]:
    """Lay out what changed, and what a reader must know of it."""
    table = listing("Figure", "at", ">before", ">after", "", whole_numbers=True)
    for it in changes:
        verdict = Text(it.verdict, style=_STYLES[it.verdict])
        table.add_row(it.name, it.at, _figure(it.before), _figure(it.after), verdict)
    rule = "Worse and better: the intervals of 95 % have nothing in common. Unknown: too few calls."
    return (table, *map(Text, remarks_on(before, after)), Text(rule, style="dim"))


def _times(benchmark: Benchmark) -> Table:
    columns = ("Shape", ">threads", "", ">p50, ms", ">p90", ">p99", ">a second", ">speedup")
    has_speedup = PYTORCH in benchmark.points[0].latency_ms.latencies
    table = listing(*(columns if has_speedup else columns[:-1]), whole_numbers=True)
    labels = {**RUNNER_LABELS, PYTORCH: benchmark.original, COMPILED: f"{benchmark.original}, compiled"}
    for point in benchmark.points:
        race = point.latency_ms
        for i, name in enumerate(race.latencies):
            place = ("", "") if i else (_shape(point), str(race.conditions.threads))
            table.add_row(*place, labels.get(name, name), *_row(point, name))
    return table


def _row(point: Point, name: str) -> Iterator[str]:
    ms, speedup = point.latency_ms[name], point.latency_ms.speedups.get(name)
    yield _figure_text(ms.p50, ms.p50_interval)
    yield _figure_text(ms.p90, ms.p90_interval)
    yield _figure_text(ms.p99, ms.p99_interval)
    yield figure(point.per_second[name])
    if speedup is not None:
        yield _figure(speedup)


def _lines(benchmark: Benchmark) -> Iterator[str]:
    yield benchmark.timed
    for point in benchmark.points:
        yield from _unsure(point)
    load, first = benchmark.start.load_ms, benchmark.start.first_call_ms
    yield (
        f"Cold start, ms: loaded in {_figure(load)}, first call {_figure(first)}, in processes of their own"
    )
    yield from _token(benchmark.token)
    if benchmark.memory_mb is not None:
        yield f"Memory of the bundle {figure(benchmark.memory_mb)} MB: a peak less Python and libraries"
    energies = [point.energy_mj for point in benchmark.points if point.energy_mj is not None]
    if energies:
        words = ", ".join(map(figure, energies))
        yield f"Energy of a call {words} mJ: of the whole processor, others included"
    yield from benchmark.notes


def _unsure(point: Point) -> Iterator[str]:
    """Say why a speedup is not written as a number."""
    surroundings = point.latency_ms.conditions.surroundings
    disturbances = surroundings.disturbances if surroundings is not None else ()
    cause = "; ".join(disturbances) or "nothing that this machine reports"
    for name, speedup in point.latency_ms.speedups.items():
        if name == PYTORCH or speedup.sure:
            continue
        ends = speedup.interval
        reach = "too few calls" if ends is None else f"between {figure(ends.low)} and {figure(ends.high)}"
        yield f"Speedup of {runner_label(name)} at {_shape(point)} unsure: {reach}; disturbed by {cause}"


def _token(token: TokenTime | None) -> Iterator[str]:
    if token is not None:
        ms = token.latency_ms
        written = f"{ms.count} tokens written one by one by int8 after a prompt of {token.prompt}"
        yield f"Time per token {figure(ms.p50)} ms, p50, {figure(ms.p90)} ms, p90: {written}"


def _modules(modules: Mapping[str, float]) -> Table:
    table = listing("Module", ">time", whole_numbers=True)
    for name, share in list(modules.items())[:SHOWN_MODULES]:
        table.add_row(module_name(name), f"{100 * share:.0f} %")
    rest = sum(list(modules.values())[SHOWN_MODULES:])
    if rest:
        table.add_row(f"{len(modules) - SHOWN_MODULES} others", f"{100 * rest:.0f} %")
    return table


def _conditions_lines(benchmark: Benchmark) -> Iterator[str]:
    """Say how the calls were made, what the machine did before and after, and what it does not report."""
    races = [point.latency_ms for point in benchmark.points]
    calls = _range([race.conditions.rounds for race in races])
    warmups = _range([race.conditions.warmup or 0 for race in races])
    yield f"{calls} calls, after {warmups} of warm-up; ± is of 95 %, from batches of calls"
    if not all(race.conditions.steady for race in races):
        yield "Calls were still getting faster when the time for warm-up was over"
    surroundings = [it for race in races if (it := race.conditions.surroundings) is not None]
    if surroundings:
        yield _states(surroundings[0].before, surroundings[-1].after)
        disturbances = dict.fromkeys(words for each in surroundings for words in each.disturbances)
        yield f"Disturbances: {'; '.join(disturbances) or 'none that this machine reports'}"
        if surroundings[0].absent:
            yield f"Not reported by this machine: {', '.join(surroundings[0].absent)}"


def _states(before: State, after: State) -> str:
    parts = [
        f"load {_words(before.load, 1)} before, {_words(after.load, 1)} after",
        f"clock {_words(before.clock_mhz, 0)} MHz before, {_words(after.clock_mhz, 0)} after",
        f"governor {before.governor or 'unknown'}",
    ]
    return "Machine: " + "; ".join(parts)


def _words(value: float | None, decimals: int) -> str:
    return "unknown" if value is None else f"{value:.{decimals}f}"


def _range(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"


def _shape(point: Point) -> str:
    if point.sizes:
        return ", ".join(f"{symbol} {size}" for symbol, size in point.sizes.items())
    conditions = point.latency_ms.conditions
    median = ", ".join(f"{symbol} {size}" for symbol, size in conditions.shape.items())
    of = count(conditions.samples, "sample")
    return f"{of}, median {median}" if median else of


def _figure(estimate: Estimate) -> str:
    if isinstance(estimate, Ratio) and not estimate.sure:
        return UNSURE
    return _figure_text(estimate.value, estimate.interval)


def _figure_text(value: float, interval: Interval | None) -> str:
    return f"{figure(value)} {margin_text(interval)}".rstrip()
