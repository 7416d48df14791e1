from __future__ import annotations

import json
from dataclasses import replace

import pytest

from edgeattn.judge.budget import Check
from edgeattn.report.report import Report
from edgeattn_runtime.errors import BundleError


def test_the_json_has_the_keys_of_the_contract(report: Report) -> None:
    table = json.loads(report.to_json())
    assert (table["schema"], table["model"], table["target"], table["verdict"]) == (
        1,
        "sentence",
        "cpu",
        "pass",
    )
    assert table["checks"][0] == {"name": "cosine", "measured": 0.9934, "limit": 0.99, "ok": True}
    contract = {"cosine_mean", "cosine_min", "max_abs", "metric_pytorch", "metric_int8"}
    assert contract <= table["accuracy"].keys()
    assert table["size_mb"].keys() == {"pytorch", "float", "int8"}
    latency = table["latency_ms"]
    assert latency.keys() == {"pytorch", "float", "int8", "conditions"}
    assert {"p50", "p90", "p99"} <= latency["int8"].keys()
    assert latency["conditions"]["threads"] == 1
    assert latency["conditions"]["shape"] == {"batch": 1, "sequence": 30}
    assert latency["conditions"]["spinning"] is False
    assert table["operators"]["Attention"] == table["fused"]["attention"] == 6
    assert table["refused"][0].keys() == {"rule", "node", "module", "reason"}
    assert table["layers"][0] == {"module": "encoder.0.attention.query", "form": "int8", "cosine": 0.9998}
    assert table["trials"][2] == {
        "name": "rows",
        "recipe": None,
        "cosine_mean": 0.993,
        "cosine_min": 0.984,
        "latency_ms": 3.6,
        "size_mb": 24.1,
        "front": False,
        "chosen": False,
    }
    assert table["notes"] == ["Int8 is not faster here: encoder.0.output is too small."]


def test_a_report_is_read_as_it_was_written(report: Report) -> None:
    assert Report.from_json(report.to_json()) == report


def test_one_failed_check_fails_the_report(report: Report) -> None:
    failed = replace(report, checks=(*report.checks, Check("latency_ms", 3.2, 3, False)))
    assert (report.verdict, failed.verdict) == ("pass", "fail")
    assert failed.scores == {"cosine": 0.9934, "size_mb": 22.9, "latency_ms": 3.2}


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("schema", 2, "schema: 2 found, 1 expected"),
        ("verdict", "fail", "verdict: \"fail\" found, 'pass', by its checks, expected"),
        ("checks", [{"name": "cosine"}], r"checks\[0\].measured: missing"),
        ("accuracy", [], "accuracy: .* an object"),
        ("latency_ms", {}, "latency_ms: {} found, latencies and their conditions expected"),
        ("memory_mb", "much", "memory_mb: .* a finite number expected"),
        ("operators", {"Attention": -1}, r"operators.Attention: -1 found"),
        ("trials", [{"name": "rows"}], r"trials\[0\].recipe: missing"),
        ("notes", ["two\nlines"], r"notes\[0\]: .* a printable text expected"),
    ],
)
def test_a_report_that_is_not_one_is_refused_by_its_key(
    report: Report, key: str, value: object, told: str
) -> None:
    table = json.loads(report.to_json()) | {key: value}
    with pytest.raises(BundleError, match=told):
        Report.from_json(json.dumps(table))


def test_a_missing_key_is_named(report: Report) -> None:
    table = json.loads(report.to_json())
    del table["layers"]
    with pytest.raises(BundleError, match="layers: missing"):
        Report.from_json(json.dumps(table))
