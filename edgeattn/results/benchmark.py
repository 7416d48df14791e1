"""What ``edgeattn bench --json`` prints and ``--compare`` reads: what a bundle costs on one machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from edgeattn.results.document import decode, encode, read_file
from edgeattn.results.latency import Race
from edgeattn_runtime.errors import BadInput, BundleError
from edgeattn_runtime.timing.confidence import Estimate
from edgeattn_runtime.timing.latency import Latency
from edgeattn_runtime.timing.machine import Machine

SCHEMA = 1
_LARGEST = 16  # MB of a file
_EXPECTED = "the output of edgeattn bench NAME.edge --json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A shape at a number of threads, which is in the conditions of its latencies.

    Attributes:
        sizes: By symbol, as requested; empty where the samples are as they are.
        latency_ms: With its conditions.
        per_second: By runner, the samples that it answers in a second: a call answers its batch.
        energy_mj: Of a call, in millijoules of the whole processor; None with an original, and where the
            machine has no counter that may be read.
    """

    sizes: Mapping[str, int]
    latency_ms: Race
    per_second: Mapping[str, float]
    energy_mj: float | None


@dataclass(frozen=True, slots=True)
class Start:
    """How a bundle starts in a process that has called nothing before, in ms, over several processes.

    Attributes:
        load_ms: The checks of its files, and onnxruntime's own preparation, without Python and its libraries.
    """

    load_ms: Estimate
    first_call_ms: Estimate


@dataclass(frozen=True, slots=True)
class TokenTime:
    """The latency of a token, and how many tokens its prompt has; the prompt's own call is not counted."""

    latency_ms: Latency
    prompt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """What a bundle costs.

    Attributes:
        graphs: By file of that target its sha256.
        timed: On what the latencies were measured, in words.
        points: The shapes, and at each of them the numbers of threads.
        memory_mb: As ``edgeattn.measure.memory`` has it; None where the system does not report it.
        token: Of a decoder: the time of a token.
        modules: By PyTorch module, its share of the time.
        notes: What could not be measured, a line each.
    """

    bundle: str
    target: str
    graphs: Mapping[str, str]
    machine: Machine
    timed: str
    original: str
    points: tuple[Point, ...]
    start: Start
    memory_mb: float | None
    token: TokenTime | None
    modules: Mapping[str, float]
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the text of ``--json``."""
        return encode(SCHEMA, asdict(self))


def read_benchmark(path: Path) -> Benchmark:
    """Read a benchmark.

    Raises:
        BadInput: There is no such file, or it is no benchmark, or one of another schema.
    """
    text = read_file(path, largest=_LARGEST, expected=_EXPECTED)
    try:
        return decode(text, Benchmark, schema=SCHEMA, remedy=f"{_EXPECTED} expected")
    except BundleError as error:
        raise BadInput(f"{path}: {error}") from error
