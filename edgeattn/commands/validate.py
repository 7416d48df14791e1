"""edgeattn validate: is the bundle still right?"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from edgeattn.commands.export import check_verdict
from edgeattn.commands.terminal import working
from edgeattn.report.table import golden_table, report_parts, show
from edgeattn_runtime.errors import CheckFailed
from edgeattn_runtime.golden import GoldenResult, check


def validate(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle.")],
    model: Annotated[
        str | None,
        typer.Argument(metavar="[MODEL]", help="Its original, to compare with on all judged samples."),
    ] = None,
    samples: Annotated[
        Path | None, typer.Argument(metavar="[SAMPLES.npz]", help="Real inputs, where it is an ONNX file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
) -> None:
    """Compare a bundle with its original, or else its golden vectors."""
    if model is None:
        _against_golden(bundle, as_json=as_json)
    else:
        _against_original(bundle, model, samples, as_json=as_json)


def _against_golden(bundle: Path, *, as_json: bool) -> None:
    results = check(bundle)
    if as_json:
        sys.stdout.write(_golden_json(results))
    else:
        show([golden_table(results)])
    failed = sum(not result.ok for result in results)
    if failed:
        raise CheckFailed(f"{bundle}: {failed} of {len(results)} golden outputs are below the tolerance")


def _golden_json(results: Sequence[GoldenResult]) -> str:
    rows = [
        {**asdict(result), "max_abs": result.max_abs if math.isfinite(result.max_abs) else None}
        for result in results
    ]
    verdict = "pass" if all(result.ok for result in results) else "fail"
    return json.dumps({"verdict": verdict, "golden": rows}, indent=2, allow_nan=False) + "\n"


def _against_original(bundle: Path, model: str, samples: Path | None, *, as_json: bool) -> None:
    with working() as progress:
        from edgeattn.judge.revalidate import revalidate
        from edgeattn.source.given import given

        progress.stage("load")
        report = revalidate(bundle, given(model, samples), progress=progress)
    if as_json:
        sys.stdout.write(report.to_json())
    else:
        show(report_parts(report))
    check_verdict(report, "the bundle is left as it is")
