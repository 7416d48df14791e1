"""What a bundle costs on this machine, and whether its answers are right here."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from edgeattn_runtime.bundle.golden import NO_GOLDEN, GoldenResult, Sample, check, read_golden
from edgeattn_runtime.contract import bind
from edgeattn_runtime.engine.system import peak_memory_mb
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import Model, load
from edgeattn_runtime.timing.confidence import in_batches
from edgeattn_runtime.timing.interleaved import Pace, race_calls
from edgeattn_runtime.timing.latency import WINDOW, Latency
from edgeattn_runtime.timing.machine import Machine
from edgeattn_runtime.timing.surroundings import Surroundings

SCHEMA = 1
WARMING = 1.0  # seconds that calls may take until they get no faster


@dataclass(frozen=True, slots=True)
class Timing:
    """The latency of the app's call, its checks included, on one golden sample; the shape is by symbol."""

    sample: int
    shape: Mapping[str, int]
    latency_ms: Latency


@dataclass(frozen=True, slots=True)
class Run:
    """A timing for each golden sample, at a number of intra-op threads; a runtime may leave out what is None.

    ``warmup`` calls of each sample were made before, and ``steady`` says whether they had become no faster.
    """

    threads: int
    timings: tuple[Timing, ...]
    warmup: int | None = None
    steady: bool = True
    surroundings: Surroundings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceBenchmark:
    """One bundle on one machine.

    Attributes:
        graphs: By file of that target its sha256: whatever else a bundle holds, this was run.
        load_ms: Of the first load; a cold start where it was the first model of the process.
        peak_memory_mb: Of the whole process after the first run; None where the system does not report it.
        golden: How near each golden output came, at the first number of threads.
        runs: One for each number of threads.
    """

    model: str
    target: str
    graphs: Mapping[str, str]
    machine: Machine
    load_ms: float
    peak_memory_mb: float | None
    golden: tuple[GoldenResult, ...]
    runs: tuple[Run, ...]

    def to_table(self) -> dict[str, object]:
        """Return what ``bench --json`` prints."""
        return {"schema": SCHEMA, **asdict(self)}


def bench(
    path: str | os.PathLike[str],
    *,
    threads: Sequence[int] = (),
    target: str | None = None,
    rounds: int = 100,
    kernels: bool = True,
) -> DeviceBenchmark:
    """Load a bundle, replay its golden vectors, and time it on their inputs in turns.

    The load time covers the checks of every file and onnxruntime's own preparation.

    Args:
        path: The bundle's folder.
        threads: Numbers of intra-op threads to sweep; none takes what the bundle says.
        target: A target of the bundle; None takes the first that runs here.
        rounds: Counted calls for each sample and number of threads.
        kernels: As ``load`` has it.

    Raises:
        InputError: ``rounds`` is below 1, or the bundle has no such target, or no golden vectors.
        BundleError: The bundle is not whole.
        IncompatibleRuntimeError: No variant runs with the engine and execution providers of this device.
    """
    first, *rest = threads or (None,)
    opened = partial(load, path, target=target, kernels=kernels)
    start = time.perf_counter_ns()
    model = opened(threads=first)
    load_ms = (time.perf_counter_ns() - start) / 1e6
    samples = read_golden(model.files).samples
    if not samples:
        raise InputError(f"{path}: {NO_GOLDEN}")
    timed = partial(_timed, samples=samples, rounds=rounds)
    golden, run, peak = check(model), timed(model), peak_memory_mb()
    files = {file for variant in model.variants for file in variant.files.values()}
    return DeviceBenchmark(
        model=model.name,
        target=model.variants[0].target,
        graphs={file: model.manifest.files[file].sha256 for file in sorted(files)},
        machine=Machine.here(model.kernels),
        load_ms=load_ms,
        peak_memory_mb=peak,
        golden=golden,
        runs=(run, *(timed(opened(threads=count)) for count in rest)),
    )


def _timed(model: Model, samples: Sequence[Sample], *, rounds: int) -> Run:
    calls = {i: partial(model, **sample.inputs) for i, sample in enumerate(samples)}
    race = race_calls(calls, Pace(rounds, unit=1, window=min(WINDOW, max(1, rounds)), seconds=WARMING))
    latencies = {i: Latency.of(in_batches(times)) for i, times in race.milliseconds.items()}
    return Run(
        model.settings.threads,
        tuple(Timing(i, bind(model.inputs, sample.inputs), latencies[i]) for i, sample in enumerate(samples)),
        warmup=race.warmup,
        steady=race.steady,
        surroundings=race.surroundings,
    )
