"""What an export hands back: the model for the device, and the word on it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeattn.judge.models import Int8Model
from edgeattn.judge.proof import Proof
from edgeattn.judge.request import Request
from edgeattn.judge.timing import prices
from edgeattn.report.card import CARD_FILE, card
from edgeattn.report.files import Provenance, report_files
from edgeattn.results.check import Verdict, verdict_of
from edgeattn.results.report import Report
from edgeattn.source.source import Source
from edgeattn_export.pack import Label, Packed, TargetBuild, pack, save
from edgeattn_export.pack.pack import versions
from edgeattn_export.targets import Target, target_of
from edgeattn_runtime.bundle.manifest import Manifest


@dataclass(frozen=True, slots=True)
class TargetOutcome:
    """What an export came to for one target: the int8 model, its proof, and the report on them."""

    model: Int8Model
    proof: Proof
    report: Report

    @property
    def target(self) -> Target:
        """What it is for."""
        return self.model.request.target

    @property
    def build(self) -> TargetBuild:
        """What is packed of it."""
        return TargetBuild(
            target=self.target,
            parts=self.model.choice.int8,
            buckets=self.model.buckets,
            tolerance=self.proof.golden.tolerance,
            session=self.proof.tuning.session,
            stacks=self.proof.tuning.stacks,
            scores=self.report.scores,
            verdict="pass" if self.report.verdict == "pass" else "fail",
            measured=self.proof.measured,
        )


@dataclass(frozen=True, slots=True)
class Bundle:
    """An exported model, not yet on disk, and the reports on it by target, the preferred one first."""

    reports: Mapping[str, Report]
    packed: Packed

    @property
    def report(self) -> Report:
        """The report on the preferred target."""
        return next(iter(self.reports.values()))

    @property
    def verdict(self) -> Verdict:
        """Whether every target meets the budget; undecided where too few samples show it."""
        return verdict_of(report.verdict for report in self.reports.values())

    @property
    def manifest(self) -> Manifest:
        """All that the bundle says of itself."""
        return self.packed.manifest

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the folder, whole or not at all; a bundle that is there is replaced.

        Args:
            path: Such as ``sentence.edge``.

        Returns:
            The folder.

        Raises:
            BadInput: There is something at ``path`` that is no bundle; it is left as it is.
            OSError: The disk is full, or the folder cannot be written.
        """
        folder = Path(path)
        save(self.packed, folder)
        return folder


def bundled(source: Source, request: Request, outcomes: Sequence[TargetOutcome]) -> Bundle:
    """Pack what was chosen for each target, with the reports on it."""
    first, *_ = outcomes
    own = source.processing
    reports = {
        f"{'' if outcome is first else f'{outcome.target.name}/'}{name}": content
        for outcome in outcomes
        for name, content in _reports(source, outcome, outcomes).items()
    }
    packed = pack(
        [outcome.build for outcome in outcomes],
        first.proof.golden.vectors,
        label=Label(
            name=source.name,
            budget=request.budget.limits,
            source=source.sha256,
            weights=first.model.float_model.weights_sha256,
            license=source.card.license,
            draft=request.objective.draft,
        ),
        rows=first.model.float_model.rows.rows,
        processing=None if own is None else own.processing,
        assets=None if own is None else own.files(),
        reports=reports,
    )
    by_target = {each.target.name: each.report for each in outcomes}
    readme = card(packed.manifest, by_target.values(), source.card)
    return Bundle(by_target, packed.adding({CARD_FILE: readme.encode()}))


def with_prices(outcomes: Sequence[TargetOutcome], request: Request) -> Sequence[TargetOutcome]:
    """Return outcomes with the cost of each device's recipe on every device, where there are several."""
    if len(request.places) == 1:
        return outcomes
    priced: list[TargetOutcome] = []
    for target in request.targets:
        variants = [outcome for outcome in outcomes if target_of(outcome.target.name) is target]
        graphs = {outcome.target.name: outcome.model.choice.int8 for outcome in variants}
        selection = list(variants[0].model.choice.selection)
        costs = prices(graphs, selection, replace(request, targets=(target,)))
        priced += (replace(each, report=replace(each.report, prices=costs)) for each in variants)
    return priced


def _reports(source: Source, outcome: TargetOutcome, outcomes: Sequence[TargetOutcome]) -> dict[str, bytes]:
    provenance = Provenance(
        tolerance=outcome.proof.golden.tolerance,
        source=source.sha256,
        versions=versions(),
        others={each.target.name: each.report.verdict for each in outcomes if each is not outcome},
    )
    return report_files(outcome.report, outcome.model.choice.recipes, provenance)
