"""What a bundle costs on this machine: its latency, cold start and peak memory."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from edgeattn_runtime.contract import bind
from edgeattn_runtime.golden import read_golden
from edgeattn_runtime.latency import Latency, interleave
from edgeattn_runtime.machine import Machine
from edgeattn_runtime.memory import peak_memory_mb
from edgeattn_runtime.model import load


@dataclass(frozen=True, slots=True)
class Timing:
    """The latency of one golden sample, and the sizes its symbolic dims had."""

    sample: int
    shape: Mapping[str, int]
    latency_ms: Latency


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One bundle on this machine: milliseconds to load it, MB at the peak, a timing per golden sample.

    ``target`` and ``threads`` are of the variant that this device prefers.
    """

    model: str
    target: str
    machine: Machine
    threads: int
    load_ms: float
    peak_memory_mb: float | None
    timings: tuple[Timing, ...]


def bench(
    path: str | os.PathLike[str],
    *,
    threads: int | None = None,
    target: str | None = None,
    rounds: int = 100,
    warmup: int = 10,
) -> Benchmark:
    """Load a bundle and time it on its golden inputs, interleaved.

    The load time is a cold start where this is the first model of the process: it covers the checks of
    every file and onnxruntime's own preparation. Peak memory is the whole process's.

    Raises:
        BadInput: ``rounds`` is below 1 or ``warmup`` below 0, or the bundle has no such target.
        BundleError: The bundle is not whole.
        IncompatibleRuntimeError: No variant runs with the engine and execution providers of this device.
    """
    start = time.perf_counter_ns()
    model = load(path, threads=threads, target=target)
    load_ms = (time.perf_counter_ns() - start) / 1e6
    samples = read_golden(model.files)
    calls = {str(i): partial(model, **sample.inputs) for i, sample in enumerate(samples)}
    latencies = interleave(calls, rounds=rounds, warmup=warmup)
    timings = tuple(
        Timing(i, bind(model.inputs, sample.inputs), latencies[str(i)]) for i, sample in enumerate(samples)
    )
    return Benchmark(
        model=model.name,
        target=model.variants[0].target,
        machine=Machine.here(),
        threads=model.settings.threads,
        load_ms=load_ms,
        peak_memory_mb=peak_memory_mb(),
        timings=timings,
    )
