"""The validator's word: what was exported, how right and how fast it is, and whether that is enough."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from edgeattn.judge.budget import Check
from edgeattn.measure.race import Race
from edgeattn.report.trial_line import TrialLine
from edgeattn_runtime.bundle import BundleFiles
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field, parse

SCHEMA = 1
REPORT_FILE = "report.json"

Verdict = Literal["pass", "fail"]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How near int8 comes to PyTorch over the judged samples.

    Attributes:
        cosine_mean: Mean over samples of the cosine between all outputs, flattened, padding left out.
        cosine_min: The worst sample's.
        cosine_float_min: The worst sample's between the float export and PyTorch.
        max_abs: The largest absolute difference of any number.
        metric_pytorch: The owner's metric, averaged over samples; None where there is none.
        metric_int8: The same for int8.
    """

    cosine_mean: float
    cosine_min: float
    cosine_float_min: float
    max_abs: float
    metric_pytorch: float | None
    metric_int8: float | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A place where a rule found its pattern and yet left it alone, and why."""

    rule: str
    node: str
    module: str
    reason: str


@dataclass(frozen=True, slots=True)
class Layer:
    """The form that one layer was given, and how near its own output stayed; None where nobody looked."""

    module: str
    form: str
    cosine: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of report.json but its schema number; ``size_mb`` and ``memory_mb`` count 10^6 bytes.

    Attributes:
        samples: How many samples did what: "calibrate" and, disjoint from them, "judge".
        size_mb: Weights of PyTorch, bytes of the float and the int8 graph, each with its weights.
        memory_mb: See ``edgeattn.measure.memory``; None where the budget does not ask for it.
        original: What "pytorch" stands for: PyTorch, or the ONNX file that was handed over instead.
        operators: How often each operator stands in the int8 graph.
        fused: How often each rule was applied.
        trials: Every recipe that was tried: the front, the fastest first, then the others.
        notes: What the owner should know, a line each: where int8 gains nothing and why, which limit binds.
    """

    model: str
    target: str
    recipe: str
    checks: tuple[Check, ...]
    samples: Mapping[str, int]
    accuracy: Accuracy
    size_mb: Mapping[str, float]
    latency_ms: Race
    memory_mb: float | None
    operators: Mapping[str, int]
    fused: Mapping[str, int]
    refused: tuple[Refusal, ...]
    layers: tuple[Layer, ...]
    original: str = "PyTorch"
    trials: tuple[TrialLine, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether every check of the budget holds."""
        return "pass" if all(check.ok for check in self.checks) else "fail"

    @property
    def scores(self) -> dict[str, float]:
        """What was measured against each limit of the budget, by its name."""
        return {check.name: check.measured for check in self.checks}

    def to_json(self) -> str:
        """Return report.json's text."""
        table = {
            "schema": SCHEMA,
            "model": self.model,
            "target": self.target,
            "verdict": self.verdict,
            **asdict(self),
            "latency_ms": self.latency_ms.to_table(),
        }
        return json.dumps(table, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read report.json's text.

        Raises:
            BundleError: In one line, the key at fault, what was found there and what was expected.
        """
        root = parse(text)
        schema = root.table().get("schema", Field("schema", None))
        if schema.value != SCHEMA:
            raise schema.refusal(str(SCHEMA))
        fields = root.record("schema", "verdict", *cls.__dataclass_fields__)
        report = cls(
            model=fields["model"].text(),
            target=fields["target"].text(),
            recipe=fields["recipe"].text(),
            checks=tuple(_check(item) for item in fields["checks"].items()),
            samples=_counts(fields["samples"]),
            accuracy=_accuracy(fields["accuracy"]),
            size_mb={name: item.number() for name, item in fields["size_mb"].table().items()},
            latency_ms=Race.from_field(fields["latency_ms"]),
            memory_mb=_optional(fields["memory_mb"]),
            operators=_counts(fields["operators"]),
            fused=_counts(fields["fused"]),
            refused=tuple(_refusal(item) for item in fields["refused"].items()),
            layers=tuple(_layer(item) for item in fields["layers"].items()),
            original=fields["original"].text(),
            trials=tuple(TrialLine.from_field(item) for item in fields["trials"].items()),
            notes=tuple(item.text() for item in fields["notes"].items()),
        )
        if fields["verdict"].value != report.verdict:
            raise fields["verdict"].refusal(f"{report.verdict!r}, by its checks,")
        return report


def read_report(files: BundleFiles) -> Report:
    """Read the report that a bundle holds.

    Raises:
        BundleError: It holds none, or one that cannot be read.
    """
    path = files.path(REPORT_FILE)
    if REPORT_FILE not in files.manifest.files:
        raise BundleError(f"{path}: not in the bundle; export the model again")
    try:
        return Report.from_json(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, BundleError) as error:
        raise BundleError(f"{path}: {error}") from error


def _check(field: Field) -> Check:
    fields = field.record(*Check.__dataclass_fields__)
    return Check(
        fields["name"].text(), fields["measured"].number(), fields["limit"].number(), fields["ok"].flag()
    )


def _accuracy(field: Field) -> Accuracy:
    fields = field.record(*Accuracy.__dataclass_fields__)
    return Accuracy(
        cosine_mean=fields["cosine_mean"].number(),
        cosine_min=fields["cosine_min"].number(),
        cosine_float_min=fields["cosine_float_min"].number(),
        max_abs=fields["max_abs"].number(),
        metric_pytorch=_optional(fields["metric_pytorch"]),
        metric_int8=_optional(fields["metric_int8"]),
    )


def _refusal(field: Field) -> Refusal:
    fields = field.record(*Refusal.__dataclass_fields__)
    return Refusal(**{name: _words(item) for name, item in fields.items()})


def _layer(field: Field) -> Layer:
    fields = field.record(*Layer.__dataclass_fields__)
    return Layer(_words(fields["module"]), fields["form"].text(), _optional(fields["cosine"]))


def _counts(field: Field) -> dict[str, int]:
    return {name: item.integer(0) for name, item in field.table().items()}


def _words(field: Field) -> str:
    return "" if field.value == "" else field.text()  # the whole model's module has no name


def _optional(field: Field) -> float | None:
    return None if field.value is None else field.number()
