"""One row of a sweep: a model, a budget, a target and a device; and its outcome."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeattn.results.report import Report

VERSION = 1  # of what an outcome holds


@dataclass(frozen=True, slots=True)
class Model:
    """A model as the command line names it.

    Attributes:
        path: A Python file, ``package.module`` or an ONNX file.
        samples: The .npz file of an ONNX file; None for other models.
    """

    path: str
    samples: str | None = None

    @property
    def words(self) -> str:
        """What follows ``edgeattn export``."""
        return shlex.join([self.path, *([] if self.samples is None else [self.samples])])

    @property
    def name(self) -> str:
        """What its bundle is called by default."""
        path = Path(self.path)
        if path.suffix not in (".py", ".onnx"):
            return self.path.rpartition(".")[2]
        return (path.resolve().parent.name or "model") if path.stem == "model" else path.stem


@dataclass(frozen=True, slots=True)
class Row:
    """What one export is asked for.

    Attributes:
        model: Of which model.
        limits: Names and numbers that override the model file's own; empty for only those.
        target: What it is for.
        device: The name of the device that it is measured on; None where it is measured by the worker.
    """

    model: Model
    limits: tuple[tuple[str, float], ...]
    target: str
    device: str | None = None

    @property
    def budget(self) -> str:
        """Its limits in words, as ``--budget`` takes them."""
        return ",".join(f"{name}={limit:.12g}" for name, limit in self.limits) or "its own"

    @property
    def words(self) -> str:
        """All that distinguishes it from others, in a line."""
        place = [] if self.device is None else [f"on {self.device}"]
        return " ".join([self.model.name, self.budget, self.target, *place])

    @property
    def command(self) -> str:
        """What makes its bundle."""
        limits = "".join(f" --budget {name}={limit:.12g}" for name, limit in self.limits)
        place = "" if self.device is None else f" --on {shlex.quote(self.device)}"
        return f"edgeattn export {self.model.words}{limits} --target {self.target}{place}"

    def question(self, identity: str, machine: str, versions: Mapping[str, str]) -> dict[str, object]:
        """Return all that its outcome depends on, as JSON has it."""
        return {
            "sweep": VERSION,
            "model": identity,
            "limits": dict(sorted(self.limits)),
            "target": self.target,
            "device": self.device,
            "machine": machine,
            "versions": dict(versions),
        }


def key_of(question: Mapping[str, object]) -> str:
    """Return the sha256 of a question."""
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Either a report, or why there is none.

    Attributes:
        report: As JSON; None where the model could not be exported.
        reason: Why there is none, in one line; empty where there is a report.
    """

    report: str | None
    reason: str = ""

    def read(self) -> Report | None:
        """Return the report; raises BundleError where it is of another release."""
        return None if self.report is None else Report.from_json(self.report)
