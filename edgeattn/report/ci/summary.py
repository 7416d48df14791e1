"""A report as GitHub's Markdown, for a pull request or the summary of a job.

A name is a name there: no markup, no link, no mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from edgeattn.report.accuracy_words import accuracy_rows
from edgeattn.report.number_words import (
    RUNNER_LABELS,
    count,
    error,
    figure,
    limit_text,
    measured_text,
    speedup_text,
    way_times,
)
from edgeattn.report.verdict_words import CONFIDENCE_HEADING, confidence_text, edge_cases_line
from edgeattn.results.check import Verdict
from edgeattn.results.latency import FLOAT, INT8, PYTORCH
from edgeattn.results.report import Report
from edgeattn_runtime.bundle.golden import GoldenResult, worst_error
from edgeattn_runtime.legible import printable

_MARKUP = re.compile(r"([\\`*_{}\[\]|~#!])")
_BREAK = "<!-- -->"  # is not seen, and ends what GitHub would make a link of
_LINKED = re.compile(r"(?<=:)(?=//)|(?<=@)|(?<=\bwww)(?=\.)|(?<=\bGH-)(?=\d)|(?<=#)(?=\d)", re.IGNORECASE)
_COMMIT = re.compile(r"\b[0-9a-f]{7,40}\b", re.IGNORECASE)
SIGNS: dict[Verdict, str] = {"pass": "✅ pass", "fail": "❌ **fail**", "undecided": "⚠️ **undecided**"}


def plain(text: str) -> str:
    """Return text that Markdown shows as it is, in one line."""
    marked = _MARKUP.sub(r"\\\1", escape(printable(" ".join(text.split())), quote=False))
    return _COMMIT.sub(_in_pieces, _LINKED.sub(_BREAK, marked))


def _in_pieces(commit: re.Match[str]) -> str:
    """Return a number that may be a commit's in pieces that are too short for one."""
    return _BREAK.join(commit[0][start : start + 6] for start in range(0, len(commit[0]), 6))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; a head that begins with ">" stands at the right, with its numbers."""
    yield _line([head.removeprefix(">") for head in heads])
    yield _line(["---:" if head.startswith(">") else "---" for head in heads])
    for row in rows:
        yield _line(row)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def summary(report: Report) -> str:
    """Return the report in short: verdict, checks, the three side by side, what failed and what to know."""
    return "\n".join(_lines(report)) + "\n"


def golden_summary(name: str, results: Sequence[GoldenResult]) -> str:
    """Return in short how golden outputs were answered on this machine."""
    right = sum(result.ok for result in results)
    verdict: Verdict = "pass" if right == len(results) else "fail"
    largest = error(worst_error(results))
    outputs = count(len(results), "golden output")
    words = f"{right} of {outputs} right, the largest error {largest} of their spread."
    return f"### {plain(name)}: {SIGNS[verdict]}\n\n{words}\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"### {plain(report.title)} for {plain(report.target)}: {SIGNS[report.verdict]}"
    yield ""
    heads = ("Budget", ">measured", f">{CONFIDENCE_HEADING}", "limit", "")
    rows = [
        (
            f"`{check.name}`",
            measured_text(check),
            confidence_text(check),
            limit_text(check),
            SIGNS[check.verdict],
        )
        for check in report.checks
    ]
    yield from table(heads, rows)
    yield ""
    yield from table(
        ("", f">{plain(report.original)}", f">{RUNNER_LABELS[FLOAT]}", f">{RUNNER_LABELS[INT8]}"),
        _figures(report),
    )
    yield ""
    if report.edge_cases:
        yield f"{edge_cases_line(report.edge_cases)}."
        yield from (
            f"- ❌ {plain(it.name)}: {plain(it.reason or '')}" for it in report.edge_cases if not it.ok
        )
        yield ""
    if report.notes:
        yield f"<details><summary>Notes ({len(report.notes)})</summary>\n"
        yield from (f"- {plain(note)}" for note in report.notes)
        yield "\n</details>\n"
    of = count(report.samples.evaluation, "evaluation sample")
    yield f"<sub>Measured on {plain(str(report.machine))}, {of}.</sub>"


def _figures(report: Report) -> Iterator[tuple[str, ...]]:
    names, accuracy, race = (PYTORCH, FLOAT, INT8), report.accuracy, report.latency_ms
    yield "Size, MB", *(figure(report.size_mb[name]) for name in names)
    if race is not None and PYTORCH in race.latencies:
        yield "Latency, ms, p50", *(figure(race[name].p50) for name in names)
        yield "Speedup, p50", *(speedup_text(race, name) for name in names)
    for way in report.other_ways:
        for label, words in way_times(way).items():
            yield label.capitalize(), "", "", words
    for label, of_float, of_bundle in accuracy_rows(report):
        yield label.strip(), "", of_float, of_bundle
    if accuracy.metric_pytorch is not None and accuracy.metric_int8 is not None:
        yield "Metric of the model", f"{accuracy.metric_pytorch:.4f}", "", f"{accuracy.metric_int8:.4f}"
