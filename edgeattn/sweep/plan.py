"""What a sweep is asked for: every model by every budget, for every target, on every device."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from edgeattn.judge.budget import parse
from edgeattn.source.model_files import check_files
from edgeattn.sweep.row import Model, Row
from edgeattn_export.targets import TARGETS
from edgeattn_runtime.errors import BadInput

OWN: dict[str, float] = {}  # no limits but those of the model's own file
SEPARATOR = ","  # between the limits of one row


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows of a sweep, those of a model together."""

    rows: tuple[Row, ...]

    @classmethod
    def read(
        cls,
        models: Sequence[str],
        budgets: Sequence[str],
        targets: Sequence[str],
        devices: Sequence[str] = (),
    ) -> Plan:
        """Read what the command line asks for.

        Args:
            models: As ``edgeattn export`` takes them; an ONNX file is followed by its samples.
            budgets: Of one row each: limits with a comma between them, such as "cosine=0.99,size_mb=5".
                None given asks for each model's own.
            targets: Names of targets.
            devices: Names of devices; none measures where the work is done.

        Raises:
            BadInput: A model, budget, target or device is given twice, or an ONNX file without samples.
            ModelError: A model's file is missing.
            BudgetError: A limit that is unknown, or that nothing can meet.
        """
        limits = [parse(budget.split(SEPARATOR)) for budget in budgets] or [OWN]
        for name in targets:
            if name not in TARGETS:
                raise BadInput(f"target {name!r}: unknown; expected one of {', '.join(TARGETS)}")
        read = _models(models)
        for model in read:
            check_files(model.path, None if model.samples is None else Path(model.samples))
        paths = [model.path for model in read]
        real = [Path(path).resolve() if Path(path).exists() else path for path in paths]
        _check_once("model", list(zip(real, paths, strict=True)))
        _check_once(
            "budget", [(sorted(each.items()), text) for each, text in zip(limits, budgets, strict=False)]
        )
        _check_once("target", [(name, name) for name in targets])
        _check_once("device", [(name, name) for name in devices])
        places: Sequence[str | None] = devices or [None]
        by_row = [tuple(each.items()) for each in limits]
        return cls(tuple(Row(*each) for each in product(read, by_row, targets, places)))

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model once."""
        return tuple(dict.fromkeys(row.model for row in self.rows))

    @property
    def targets(self) -> tuple[str, ...]:
        """Every target once."""
        return tuple(dict.fromkeys(row.target for row in self.rows))

    def to_json(self) -> str:
        """Return what distinguishes one plan from another."""
        return json.dumps([asdict(row) for row in self.rows], sort_keys=True)


def _models(arguments: Sequence[str]) -> list[Model]:
    models: list[Model] = []
    remaining = iter(arguments)
    for word in remaining:
        if Path(word).suffix.lower() == ".npz":
            raise BadInput(f"{word}: samples found, a model expected; give an ONNX file right before them")
        if Path(word).suffix.lower() != ".onnx":
            models.append(Model(word))
            continue
        samples = next(remaining, "")
        if Path(samples).suffix.lower() != ".npz":
            raise BadInput(
                f"{word}: {samples or 'nothing'} found after it, an .npz file of real inputs expected"
            )
        models.append(Model(word, samples))
    return models


def _check_once(noun: str, items: Sequence[tuple[object, str]]) -> None:
    """Check that no two are the same; each comes with the words that it was given in."""
    earlier: list[object] = []
    for meaning, words in items:
        if meaning in earlier:
            raise BadInput(f"{noun} {words}: given twice, so that rows would be the same; leave one out")
        earlier.append(meaning)
