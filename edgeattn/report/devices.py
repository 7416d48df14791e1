"""A machine, and what a device measured, as a report shows them."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn.report.number_words import counts
from edgeattn_runtime.bundle.golden import worst_error
from edgeattn_runtime.timing.benchmark import DeviceBenchmark, Timing
from edgeattn_runtime.timing.machine import Machine


def machine_facts(machine: Machine) -> dict[str, str]:
    """Return what there is to know of a machine, by words for each."""
    return {
        "Processor": machine.cpu,
        "Instruction sets": ", ".join(machine.instruction_sets) or "none of those that int8 kernels use",
        "Cores": str(machine.cores),
        "Memory": "unknown" if machine.memory_mb is None else f"{machine.memory_mb / 1000:.0f} GB",
        "System": machine.system,
        "Versions": counts(machine.versions),
        **({} if machine.kernels is None else {"Kernels": machine.kernels}),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device, on the bundle's golden samples.

    Attributes:
        name: The machine, in words.
        error: The largest of all golden outputs, in units of their spread; None where one has no number.
        ok: Whether each of them kept to its tolerance.
        memory_mb: At the peak of the process; None where it is not known.
        threads: Numbers of intra-op threads: the columns of ``p50``.
        p50: In ms: by golden sample and its sizes, a time for each number of threads.
    """

    name: str
    target: str
    error: float | None
    ok: bool
    load_ms: float
    memory_mb: float | None
    threads: tuple[int, ...]
    p50: tuple[tuple[str, tuple[float, ...]], ...]

    @classmethod
    def of(cls, result: DeviceBenchmark) -> Device:
        """Lay out a result."""
        samples = zip(*(run.timings for run in result.runs), strict=True)
        return cls(
            name=str(result.machine),
            target=result.target,
            error=worst_error(result.golden),
            ok=all(golden.ok for golden in result.golden),
            load_ms=result.load_ms,
            memory_mb=result.peak_memory_mb,
            threads=tuple(run.threads for run in result.runs),
            p50=tuple(
                (_sizes(timings[0]), tuple(it.latency_ms.p50 for it in timings)) for timings in samples
            ),
        )


def _sizes(timing: Timing) -> str:
    sizes = (f"{symbol} {size}" for symbol, size in timing.shape.items())
    return ", ".join((f"sample {timing.sample}", *sizes))
