"""What an export hands back: the model for the device, and the word on it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from edgeattn.judge.choosing import Chosen
from edgeattn.judge.evaluation import Evaluation
from edgeattn.judge.request import Request
from edgeattn.report.files import report_files
from edgeattn.report.report import Report
from edgeattn.report.tried import recipe_files
from edgeattn.source.source import Source
from edgeattn_export.pack import Label, Made, Packed, pack, save
from edgeattn_export.pack.pack import versions
from edgeattn_runtime.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Bundle:
    """An exported model, not yet on disk, and the report on it."""

    report: Report
    packed: Packed

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


def bundled(
    source: Source, request: Request, chosen: Chosen, evaluation: Evaluation, report: Report
) -> Bundle:
    """Pack what was chosen, with the report on it.

    Args:
        source: The model.
        request: What was asked.
        chosen: The graphs.
        evaluation: What was measured of them.
        report: The word on them.
    """
    recipes = recipe_files(chosen.found.trials, chosen.found.chosen)
    made = Made(
        target=request.target,
        parts=chosen.parts,
        tolerance=evaluation.golden.tolerance,
        session=evaluation.tuned.session,
        stacks=evaluation.tuned.stacks,
        scores=report.scores,
        verdict=report.verdict,
        measured=f"{request.machine}; onnxruntime {request.machine.versions['onnxruntime']}",
    )
    packed = pack(
        [made],
        evaluation.golden.samples,
        label=Label(name=source.name, budget=request.budget.limits, source=source.sha256),
        rows=evaluation.rows,
        reports=report_files(
            report, recipes, tolerance=made.tolerance, source=source.sha256, versions=versions()
        ),
    )
    return Bundle(report, packed)
