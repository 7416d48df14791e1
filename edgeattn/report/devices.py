"""Rows of what devices measured: one for each device, target and number of threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edgeattn_runtime.bench import Benchmark


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One device at one number of threads.

    Attributes:
        device: The machine, in words.
        target: What was run on it.
        threads: Intra-op threads.
        p50: In ms, by golden sample.
        cosine: The lowest of all golden outputs.
        ok: Whether each of them reached the tolerance.
        load_ms: Of the first load.
        memory_mb: At the peak of the process; None where it is not known.
    """

    device: str
    target: str
    threads: int
    p50: tuple[float, ...]
    cosine: float
    ok: bool
    load_ms: float
    memory_mb: float | None


def device_rows(results: Iterable[Benchmark]) -> Iterator[DeviceRow]:
    """Yield the rows of results, in their order."""
    for result in results:
        for run in result.runs:
            yield DeviceRow(
                device=str(result.machine),
                target=result.target,
                threads=run.threads,
                p50=tuple(timing.latency_ms.p50 for timing in run.timings),
                cosine=min((golden.cosine for golden in result.golden), default=0.0),
                ok=all(golden.ok for golden in result.golden),
                load_ms=result.load_ms,
                memory_mb=result.peak_memory_mb,
            )


def sample_shapes(results: Iterable[Benchmark]) -> tuple[str, ...]:
    """Return the sizes of each golden sample, such as "batch 1, sequence 16"."""
    timings = next((run.timings for result in results for run in result.runs), ())
    return tuple(
        ", ".join(f"{symbol} {size}" for symbol, size in timing.shape.items()) or f"sample {timing.sample}"
        for timing in timings
    )
