"""What ``bench`` prints for a person."""

from __future__ import annotations

from collections.abc import Iterator

from edgeattn_runtime.batches import Interval
from edgeattn_runtime.bench import Benchmark, Run, Timing


def bench_words(benchmark: Benchmark) -> str:
    """Return a benchmark as a table, with the share by which a figure may be off at 95 % behind it."""
    peak = benchmark.peak_memory_mb
    memory = "" if peak is None else f", {peak:.1f} MB at the peak of the whole process, Python included"
    return "\n".join(
        [
            f"{benchmark.model} for {benchmark.target}: loaded in {benchmark.load_ms:.1f} ms{memory}",
            f"cosine of golden outputs at least {min(result.cosine for result in benchmark.golden):.6f}",
            str(benchmark.machine),
            "threads  sample   p50 ms          p90 ms          p99 ms            calls  shape",
            *(_row(run.threads, timing) for run in benchmark.runs for timing in run.timings),
            *(line for run in benchmark.runs for line in _remarks(run)),
        ]
    )


def off_by(interval: Interval | None) -> str:
    """Return by what share a figure may be off, such as "±3 %"; empty where calls are too few to tell."""
    if interval is None:
        return ""
    share = (interval.high / interval.low) ** 0.5 - 1
    return "±>99 %" if share > 0.99 else f"±{100 * share:.0f} %"


def _row(threads: int, timing: Timing) -> str:
    ms = timing.latency_ms
    shape = " ".join(f"{name}={size}" for name, size in timing.shape.items())
    figures = ((ms.p50, ms.p50_interval), (ms.p90, ms.p90_interval), (ms.p99, ms.p99_interval))
    times = " ".join(f"{figure:8.3f} {off_by(interval):6}" for figure, interval in figures)
    return f"{threads:7}  {timing.sample:6} {times} {ms.count:7}  {shape}"


def _remarks(run: Run) -> Iterator[str]:
    threads = f"{run.threads} thread{'s' if run.threads > 1 else ''}"
    if not run.steady:
        yield f"{threads}: calls were still getting faster after {run.warmup} of warm-up"
    if run.surroundings is not None and run.surroundings.disturbances:
        yield f"{threads}, disturbed: {'; '.join(run.surroundings.disturbances)}"
