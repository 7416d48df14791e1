"""edgeattn report: the report on a bundle again, with results of devices, or compared with another bundle."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from edgeattn.commands.for_ci import Summary, check_place, write_reports, write_summary
from edgeattn.commands.terminal import working
from edgeattn.report.changes.bundles import changes, changes_json, changes_parts, changes_summary
from edgeattn.report.table import device_parts, report_parts, show
from edgeattn.results.bundle import common_targets, read_report
from edgeattn.results.report import Report
from edgeattn_runtime.bundle.folder import BundleFiles, open_bundle
from edgeattn_runtime.errors import BadInput, CheckFailed

_UNSIGNED = "Results of devices: {} came after the bundle was signed; the signature does not cover them."


def compare_bundles(old: Path, new: Path, summary: Path | None, *, as_json: bool) -> None:
    """Compare two bundles of one model, and print what changed.

    Raises:
        BadInput: They are of two models, or have no target in common.
        CheckFailed: Something became worse.
    """
    before, after = open_bundle(old), open_bundle(new)
    by_target = {target: changes(*both) for target, both in common_targets(before, after).items()}
    name = after.manifest.name
    titles = {target: f"{name} for {target}: {new} against {old}" for target in by_target}
    write_summary(
        summary, "\n".join(changes_summary(titles[target], each) for target, each in by_target.items())
    )
    if as_json:
        sys.stdout.write(changes_json(by_target))
    else:
        show(chain.from_iterable(changes_parts(titles[target], each) for target, each in by_target.items()))
    worse = [
        f"{change.name} {change.before}, now {change.after}"
        for change in chain.from_iterable(by_target.values())
        if change.word == "worse"
    ]
    if worse:
        raise CheckFailed(f"{new}: worse than {old}: {'; '.join(worse)}; see what changed between the two")


def report(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle.")],
    other: Annotated[
        Path | None,
        typer.Argument(metavar="OTHER.edge", help="A second bundle, to compare or to show on the same page."),
    ] = None,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Tell what is worse in OTHER.edge; exit code 1 where anything is."),
    ] = False,
    add: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="RESULT.json",
            help="A device's result, kept in the bundle: python -m edgeattn_runtime bench NAME.edge --json.",
        ),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write the page again; of two bundles, side by side."),
    ] = None,
    summary: Summary = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Show a bundle's report, add a device's result, or compare two."""
    check_place("--summary", summary)
    check_place("--page", page)
    _check(other, add, compare=compare)
    bundles = [path for path in (bundle, other) if path is not None]
    if add and not _is_signed(bundle, page):
        _add(bundle, add)
        add = None
    opened = [open_bundle(path) for path in bundles]
    reports = [read_report(files) for files in opened]
    if add:
        reports = [_beside_signature(opened[0], reports[0], add)]
    if page is not None:
        page.write_text(_page(bundles, opened, reports), encoding="utf-8")
    if compare and other is not None:
        compare_bundles(bundle, other, summary, as_json=as_json)
        return
    write_reports(summary, reports)
    if as_json:
        sys.stdout.write("".join(each.to_json() for each in reports))
        return
    for each in reports:
        devices = chain.from_iterable(map(device_parts, each.devices))
        browsers = chain.from_iterable(device_parts(result, "a browser") for result in each.browsers)
        show((*report_parts(each), *devices, *browsers))


def _add(bundle: Path, results: Sequence[Path]) -> None:
    with working():
        from edgeattn.additions import with_devices, with_report
        from edgeattn.results.device import read_result
        from edgeattn_export.pack import save

        files = open_bundle(bundle)
        report = with_devices(read_report(files), [read_result(path, files) for path in results])
        save(with_report(files, report), bundle)


def _is_signed(bundle: Path, page: Path | None) -> bool:
    """Say whether a bundle is signed; refuse to change one that is."""
    signed = open_bundle(bundle).manifest.signature is not None
    if signed and page is None:
        raise BadInput(
            f"{bundle}: signed, and a result would change it; --page FILE.html writes the report with the "
            "result outside of it, or add results first, then sign"
        )
    return signed


def _beside_signature(files: BundleFiles, report: Report, results: Sequence[Path]) -> Report:
    """Return a signed bundle's report with results, which says that they are not signed."""
    from edgeattn.additions import with_devices
    from edgeattn.results.device import read_result

    report = with_devices(report, [read_result(path, files) for path in results])
    return replace(report, notes=(*report.notes, _UNSIGNED.format(len(results))))


def _page(paths: Sequence[Path], opened: Sequence[BundleFiles], reports: Sequence[Report]) -> str:
    with working():
        from edgeattn.report.files import view_of
        from edgeattn.report.page import page

        labels = [str(path) if len(paths) > 1 else "" for path in paths]
        return page(*map(view_of, opened, reports, labels))


def _check(other: Path | None, add: Sequence[Path] | None, *, compare: bool) -> None:
    if compare and other is None:
        raise BadInput("--compare: one bundle found, two expected; name the newer one behind the older one")
    if other is not None and add:
        raise BadInput("--add: found with two bundles, one expected; add to each of them in turn")
