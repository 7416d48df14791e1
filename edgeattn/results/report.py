"""The validator's word: what was exported, how right and how fast it is, and whether that is enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from edgeattn.results.accuracy import Accuracy, ModuleLoss
from edgeattn.results.attention import AttentionMap
from edgeattn.results.check import Check, EdgeCase, Verdict, verdict_of
from edgeattn.results.document import decode, encode
from edgeattn.results.graph import Layer, ModulePart, Placement, Refusal
from edgeattn.results.latency import Price, Race
from edgeattn.results.other_way import OtherWay
from edgeattn.results.planted_error import PlantedError
from edgeattn.results.trial import TrialResult
from edgeattn.results.worst_sample import WorstSample
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.timing.benchmark import DeviceBenchmark
from edgeattn_runtime.timing.machine import Machine

SCHEMA = 2
# Keys in which an export writes times, memory and the machine of both, or what follows from those.
MEASURED = (
    *("machine", "latency_ms", "memory_mb", "operator_times", "module_times", "trials", "notes", "prices"),
    "other_ways",
)
MEASURED_LIMITS = frozenset({"latency_ms", "latency_ratio", "memory_mb"})
_REMEDY = "export the model again"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many samples did what; no sample did two.

    Attributes:
        calibration: Gave ranges and statistics.
        selection: Chose the recipe.
        evaluation: Gave the report's figures.
        unknown_tokens: The share of the tokens of all that the checkpoint's tokenizer does not know, from 0
            to 1; None where it has none.
    """

    calibration: int
    selection: int
    evaluation: int
    unknown_tokens: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of report.json but its schema number; ``size_mb`` and ``memory_mb`` count 10^6 bytes.

    Attributes:
        machine: Where every latency and memory in it was measured.
        size_mb: Weights of the original, bytes of the float and the int8 graph, each with its weights.
        latency_ms: Of the three side by side; None where the target's engine did not run, or was emulated.
        memory_mb: See ``edgeattn.measure.memory``; None where the budget does not ask for it.
        original: What "pytorch" stands for: PyTorch, or the ONNX file that was handed over instead.
        operators: How often each operator stands in the int8 graph.
        operator_times: By operator that the engine runs, its share of the main int8 graph's time.
        fused: How often each rule was applied.
        placement: Where the main int8 graph's work runs; None where there is but one place.
        edge_cases: What users meet besides the samples; a failed one fails the verdict.
        nominal: Whether the latencies of ``trials`` are counted, not measured.
        trials: Every recipe that was tried: the front, the fastest first, then the others.
        notes: What the model author should know, a line each: where int8 gains nothing and why, which limit
            binds.
        devices: What other machines measured of it, as the files say that were added.
        browsers: What browsers sent over a network to ``edgeattn serve``: their own word.
        device: The name of the device that ``machine`` is; None where it is the one that exported.
        prices: What each device's recipe costs on every device, where it was made for several.
        worst: The worst evaluation samples, as a person sees them.
        parts: The graphs by PyTorch module, in the order in which they run.
        losses: What each module adds to the error, the worst first; empty where it was not traced.
        attention_maps: Outputs that are such, and how near they came to the original's.
        module_times: By PyTorch module, its share of the main int8 graph's time; empty if not measured.
        other_ways: The same in each other way that it runs in, such as without kernels; all else here is of
            the way that ``machine`` names.
        planted: Which wrong answers the budget's limits see; empty where no limit on accuracy can be asked.
        draft: Whether a rule chose the recipe, and few samples evaluated it.
    """

    model: str
    target: str
    recipe: str
    machine: Machine
    checks: tuple[Check, ...]
    samples: Counts
    accuracy: Accuracy
    size_mb: Mapping[str, float]
    latency_ms: Race | None
    memory_mb: float | None
    operators: Mapping[str, int]
    fused: Mapping[str, int]
    refused: tuple[Refusal, ...]
    layers: tuple[Layer, ...]
    original: str = "PyTorch"
    operator_times: Mapping[str, float] = field(default_factory=dict)
    placement: Placement | None = None
    edge_cases: tuple[EdgeCase, ...] = ()
    nominal: bool = False
    trials: tuple[TrialResult, ...] = ()
    notes: tuple[str, ...] = ()
    devices: tuple[DeviceBenchmark, ...] = ()
    browsers: tuple[DeviceBenchmark, ...] = ()
    device: str | None = None
    prices: tuple[Price, ...] = ()
    worst: tuple[WorstSample, ...] = ()
    parts: tuple[ModulePart, ...] = ()
    losses: tuple[ModuleLoss, ...] = ()
    attention_maps: tuple[AttentionMap, ...] = ()
    module_times: Mapping[str, float] = field(default_factory=dict)
    other_ways: tuple[OtherWay, ...] = ()
    planted: tuple[PlantedError, ...] = ()
    draft: bool = False

    @property
    def title(self) -> str:
        """The model's name, marked where this is a draft."""
        return f"{self.model} (draft)" if self.draft else self.model

    @property
    def verdict(self) -> Verdict:
        """Whether all checks of the budget hold, and all edge cases; undecided where samples are too few.

        Where it runs in several ways, all must hold.
        """
        parts = (*(it.verdict for it in self.checks), *(it.verdict for it in self.edge_cases))
        return verdict_of((*parts, *(way.verdict for way in self.other_ways)))

    @property
    def measured(self) -> tuple[str, ...]:
        """The keys that another export of the same inputs measures anew, of those that are not empty.

        All other keys are the same again where the recipe is, and so is every file but the reports.
        """
        limited = ("checks",) if MEASURED_LIMITS & self.scores.keys() else ()
        return (*limited, *(name for name in MEASURED if getattr(self, name)))

    @property
    def scores(self) -> dict[str, float]:
        """What was measured against each limit, by its name."""
        return {check.name: check.measured for check in self.checks}

    def to_json(self) -> str:
        """Return report.json's text."""
        heading: dict[str, object] = {
            "model": self.model,
            "target": self.target,
            "verdict": self.verdict,
            "measured": self.measured,
        }
        return encode(SCHEMA, {**heading, **asdict(self), "machine": self.machine.to_table()})

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """Read report.json's text.

        Raises:
            BundleError: In one line, the key at fault, what was found there and what was expected.
        """
        report = decode(text, cls, schema=SCHEMA, remedy=_REMEDY)
        stated = decode(text, _Stated, schema=SCHEMA, remedy=_REMEDY).verdict
        if stated != report.verdict:
            raise BundleError(
                f"verdict: {stated!r} found, {report.verdict!r} expected by its checks and edge cases"
            )
        return report


@dataclass(frozen=True, slots=True)
class _Stated:
    """The verdict in the text, which its checks must bear out."""

    verdict: Verdict
