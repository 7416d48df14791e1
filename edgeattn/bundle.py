"""What an export hands back: the model for the device, and the word on it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeattn.judge.choice import Choice
from edgeattn.judge.evaluation import Evaluation
from edgeattn.judge.request import Request
from edgeattn.judge.timing import prices
from edgeattn.report.files import Provenance, report_files
from edgeattn.reporting import recipe_files
from edgeattn.results.check import Verdict, verdict_of
from edgeattn.results.report import Report
from edgeattn.source.source import Source
from edgeattn_export.pack import Label, Packed, TargetBuild, pack, save
from edgeattn_export.pack.pack import versions
from edgeattn_export.targets import Bucket, Target, target_of
from edgeattn_runtime.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an export came to for one target: what was asked, the graphs, figures, and the word on them."""

    request: Request
    chosen: Choice
    buckets: Sequence[Bucket]
    evaluation: Evaluation
    report: Report

    @property
    def made(self) -> TargetBuild:
        """What is packed of it."""
        return TargetBuild(
            target=self.request.target,
            parts=self.chosen.parts,
            buckets=self.buckets,
            tolerance=self.evaluation.golden.tolerance,
            session=self.evaluation.tuned.session,
            stacks=self.evaluation.tuned.stacks,
            scores=self.report.scores,
            verdict="pass" if self.report.verdict == "pass" else "fail",
            measured=self.evaluation.measured,
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


def bundled(source: Source, request: Request, outcomes: Sequence[Outcome]) -> Bundle:
    """Pack what was chosen for each target, with the reports on it.

    Args:
        source: The model.
        request: What was asked.
        outcomes: One for each target, in their order.
    """
    first, *_ = outcomes
    own = source.processing
    packed = pack(
        [outcome.made for outcome in outcomes],
        first.evaluation.golden.samples,
        label=Label(
            name=source.name,
            budget=request.budget.limits,
            source=source.sha256,
            weights=source.weights_sha256,
        ),
        rows=first.evaluation.rows,
        processing=None if own is None else own.processing,
        assets=None if own is None else own.files(),
        reports={
            f"{'' if outcome is first else f'{outcome.request.target.name}/'}{name}": content
            for outcome in outcomes
            for name, content in _reports(source, outcome, outcomes).items()
        },
    )
    return Bundle({each.request.target.name: each.report for each in outcomes}, packed)


def with_prices(outcomes: Sequence[Outcome], request: Request) -> Sequence[Outcome]:
    """Return outcomes that tell what each device's recipe costs on every device, where there are several.

    Args:
        outcomes: One for each variant.
        request: Names the devices.
    """
    if len(request.places) == 1:
        return outcomes
    found: list[Outcome] = []
    for each in (replace(request, targets=(target,)) for target in request.targets):
        its = [outcome for outcome in outcomes if _is_of(outcome, each.target)]
        variants = {outcome.request.target.name: outcome.chosen.parts for outcome in its}
        priced = prices(variants, list(its[0].chosen.selection), each)
        found += (replace(outcome, report=replace(outcome.report, prices=priced)) for outcome in its)
    return found


def _is_of(outcome: Outcome, target: Target) -> bool:
    return target_of(outcome.request.target.name) is target


def _reports(source: Source, outcome: Outcome, outcomes: Sequence[Outcome]) -> dict[str, bytes]:
    found = outcome.chosen.found
    provenance = Provenance(
        tolerance=outcome.evaluation.golden.tolerance,
        source=source.sha256,
        versions=versions(),
        others={it.request.target.name: it.report.verdict for it in outcomes if it is not outcome},
    )
    return report_files(outcome.report, recipe_files(found.trials, found.chosen), provenance)
