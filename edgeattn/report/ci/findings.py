"""A report as single findings, each with a name and a word: checks, edge cases, promises, other machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from edgeattn.report.devices import Device
from edgeattn.report.graph_words import placement_words
from edgeattn.report.number_words import error, limit_text, measured_text
from edgeattn.report.promises import promises
from edgeattn.report.verdict_words import CONFIDENCE_HEADING, confidence_text, undecided_notes
from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.report import Report
from edgeattn_runtime.bundle.golden import GoldenResult
from edgeattn_runtime.bundle.manifest import Manifest

Word = Literal["pass", "fail", "undecided", "not compared"]

_PROMISED = ("Rows", "Generates", "Prepares")  # of what a manifest says, what a bundle is proven to do
_UNPROVEN = ("not known", "not run")  # how words on it begin that promise nothing


@dataclass(frozen=True, slots=True)
class Finding:
    """One of them.

    Attributes:
        kind: Such as "edge cases".
        name: Told apart from all others of its kind.
    """

    kind: str
    name: str
    word: Word
    note: str = ""


def findings(report: Report, manifest: Manifest) -> tuple[Finding, ...]:
    """Return the findings of a report, and of its bundle's manifest, on one target."""
    checks = (_of_check(check, report.samples.evaluation) for check in report.checks)
    return (
        *checks,
        *map(_of_edge_case, report.edge_cases),
        *_promised(report, manifest),
        *(_of_device("devices", Device.of(result)) for result in report.devices),
        *(_of_device("browsers", Device.of(result)) for result in report.browsers),
    )


def golden_findings(results: Iterable[GoldenResult]) -> tuple[Finding, ...]:
    """Return how each golden output was answered here."""
    return tuple(
        Finding(
            "golden outputs",
            f"sample {result.sample}, {result.output}",
            "pass" if result.ok else "fail",
            f"error {error(result.error)} of its spread",
        )
        for result in results
    )


def _of_check(check: Check, evaluation: int) -> Finding:
    words = f"{measured_text(check)} measured, {limit_text(check)} required"
    if not check.decided:
        words = " ".join((f"{words};", *undecided_notes([check], evaluation)))
    elif confidence_text(check):
        words = f"{words}; {confidence_text(check)} {CONFIDENCE_HEADING}"
    return Finding("checks", check.name, check.verdict, words)


def _of_edge_case(case: EdgeCase) -> Finding:
    if not case.in_verdict:
        return Finding("edge cases", case.name, "not compared", case.reason or "")
    near = "" if case.error is None else f"error {error(case.error)}"
    return Finding("edge cases", case.name, case.verdict, case.reason or near)


def _promised(report: Report, manifest: Manifest) -> Iterator[Finding]:
    first, *_ = manifest.variants
    variant = next((each for each in manifest.variants if each.target == report.target), first)
    every = promises(manifest, variant)
    proven = {**{name: every[name] for name in _PROMISED if name in every}, "Measured": every["Measured"]}
    for name, words in proven.items():
        yield Finding("promises", name, "not compared" if words.startswith(_UNPROVEN) else "pass", words)
    if report.placement is not None:
        words = "; ".join(placement_words(report.placement).splitlines())
        yield Finding("promises", "Placement", "pass" if report.placement.is_whole else "not compared", words)


def _of_device(kind: str, device: Device) -> Finding:
    words = f"largest error of its golden outputs {error(device.error)} of their spread"
    return Finding(kind, f"{device.name}, {device.target}", "pass" if device.ok else "fail", words)
