"""What the command line prints of a benchmark and of a check, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeattn_runtime.bundle.golden import GoldenResult, worst_error
from edgeattn_runtime.model import Model
from edgeattn_runtime.timing.benchmark import DeviceBenchmark, Run, Timing
from edgeattn_runtime.timing.confidence import Interval
from edgeattn_runtime.timing.machine import Machine


def benchmark_text(benchmark: DeviceBenchmark) -> str:
    """Return a benchmark as a table, with the share by which a figure may be off at 95 % behind it."""
    peak = benchmark.peak_memory_mb
    memory = "" if peak is None else f", {peak:.1f} MB at the peak of the whole process, Python included"
    return "\n".join(
        [
            f"{benchmark.model} for {benchmark.target}: loaded in {benchmark.load_ms:.1f} ms{memory}",
            f"error of golden outputs at most {_number(worst_error(benchmark.golden), 6)} of their spread",
            *_machine_lines(benchmark.machine),
            "threads  sample   p50 ms          p90 ms          p99 ms            calls  shape",
            *(_row(run.threads, timing) for run in benchmark.runs for timing in run.timings),
            *(line for run in benchmark.runs for line in _remarks(run)),
        ]
    )


def margin_text(interval: Interval | None) -> str:
    """Return by what share a figure may be off, such as "±3 %"; empty where calls are too few."""
    if interval is None:
        return ""
    share = (interval.high / interval.low) ** 0.5 - 1
    return "±>99 %" if share > 0.99 else f"±{100 * share:.0f} %"


def check_table(model: Model, results: Sequence[GoldenResult]) -> str:
    """Return the error of each golden output, a line each, as a table under the bundle's notes."""
    width = max([len("output"), *(len(result.output) for result in results)])
    lines = [
        *_bundle_notes(model),
        *_machine_lines(Machine.here(model.kernels)),
        f"sample  {'output':{width}}     error   max|d|",
    ]
    lines += [
        f"{result.sample:6}  {result.output:{width}}  {_number(result.error, 6):>8}"
        f"  {_number(result.max_abs, 4):>7}  {'ok' if result.ok else 'FAILED'}"
        for result in results
    ]
    tolerance = ", ".join(f"{name} {error:g}" for name, error in model.variants[0].tolerance.items())
    return "\n".join([*lines, f"errors in units of each channel's spread; allowed: {tolerance}"])


def _machine_lines(machine: Machine) -> Iterator[str]:
    """Yield the machine, and a line for each shape of layer that it can multiply in two ways."""
    yield str(machine)
    yield from machine.kernel_choices


def _bundle_notes(model: Model) -> Iterator[str]:
    """Yield a line each of the bundle's processing and its signature."""
    if model.manifest.processing is not None:
        yield f"processing: {model.manifest.processing}"
    if model.manifest.signature is not None:
        verified = "not verified here" if model.files.signer is None else "verified"
        yield f"signed by {model.manifest.signature.key}; {verified}"


def _number(value: float | None, digits: int) -> str:
    return "none" if value is None else f"{value:.{digits}f}"


def _row(threads: int, timing: Timing) -> str:
    ms = timing.latency_ms
    shape = " ".join(f"{name}={size}" for name, size in timing.shape.items())
    figures = ((ms.p50, ms.p50_interval), (ms.p90, ms.p90_interval), (ms.p99, ms.p99_interval))
    times = " ".join(f"{figure:8.3f} {margin_text(interval):6}" for figure, interval in figures)
    return f"{threads:7}  {timing.sample:6} {times} {ms.count:7}  {shape}"


def _remarks(run: Run) -> Iterator[str]:
    threads = f"{run.threads} thread{'s' if run.threads > 1 else ''}"
    if not run.steady:
        yield f"{threads}: calls were still getting faster after {run.warmup} of warm-up"
    if run.surroundings is not None and run.surroundings.disturbances:
        yield f"{threads}, disturbed: {'; '.join(run.surroundings.disturbances)}"
