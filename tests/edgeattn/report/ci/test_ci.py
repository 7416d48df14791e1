"""What continuous integration reads of a report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeattn.report.ci import golden_summary, summary
from edgeattn.report.ci.summary import plain, table
from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.report import Report
from edgeattn_runtime.bundle.golden import GoldenResult


def test_a_summary_tells_verdict_checks_figures_and_notes(report: Report) -> None:
    text = summary(report)
    for line in (
        "### sentence for cpu: ✅ pass",
        "| `cosine` | 0.99340 | 0.99210 | at least 0.99 | ✅ pass |",
        "| Size, MB | 90.3 | 90.3 | 22.9 |",
        "| Latency, ms, p50 | 16.0 | 9.00 | 3.20 |",
        "| Speedup, p50 | 1.00x | 1.78x | 5.00x |",
        "Edge cases: 1 of 1 right, the largest error 0.13300.",
        "- Int8 is not faster here: encoder.0.output is too small.",
    ):
        assert line in text.splitlines()


def test_a_bundle_of_kernels_has_both_ways_in_its_summary(two_ways: Report) -> None:
    lines = summary(two_ways).splitlines()
    for line in (
        "| Without kernels, p50 |  |  | 5.60 |",
        "| Without kernels, speedup |  |  | 2.86x |",
        "| without kernels, worst sample |  |  | 0.97310 |",
    ):
        assert line in lines


def test_what_fails_is_named(report: Report) -> None:
    wrong = EdgeCase("left padding", ok=False, reason="cosine 0.3")
    few = Check("cosine_min", 0.99, 0.98, False, decided=False, share=0.8, needed=118)
    failed = replace(report, checks=(few,), edge_cases=(wrong,), latency_ms=None)
    text = summary(failed)
    assert "❌ **fail**" in text.splitlines()[0]
    assert "- ❌ left padding: cosine 0.3" in text
    assert "undecided" in text
    assert "Latency" not in text


def test_golden_outputs_are_told_in_short() -> None:
    results = (GoldenResult(0, "y", 0.02, 0.1, ok=True), GoldenResult(1, "y", 0.2, 0.1, ok=False))
    assert golden_summary("tiny", results) == (
        "### tiny: ❌ **fail**\n\n1 of 2 golden outputs right, the largest error 0.20000 of their spread.\n"
    )


def test_a_name_is_no_markup_no_link_and_no_mention() -> None:
    assert plain("a|b\n<script> `*_[x](y) @me") == r"a\|b &lt;script&gt; \`\*\_\[x\](y) @<!-- -->me"
    assert "://" not in plain("https://a.b")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("mit\x1b]0;owned\x07\x1b[2J", r"mit\\x1b\]0;owned\\x07\\x1b\[2J"),
        ("www.evil.example", "www<!-- -->.evil.example"),
        ("GH-1", "GH-<!-- -->1"),
        ("owner/name#12", r"owner/name\#<!-- -->12"),
        ("0123456789abcdef", "012345<!-- -->6789ab<!-- -->cdef"),
        ("f" * 64, "f" * 64),  # a sha256 is no commit's
        ("MiniLM-L6", "MiniLM-L6"),
    ],
)
def test_a_name_is_no_command_and_no_link(name: str, shown: str) -> None:
    assert plain(name) == shown


def test_a_table_is_one() -> None:
    assert list(table(("a", ">b"), [("1", "2")])) == ["| a | b |", "| --- | ---: |", "| 1 | 2 |"]
