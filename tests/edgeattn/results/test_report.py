from __future__ import annotations

import json
from dataclasses import replace

import pytest

from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.latency import FLOAT, INT8, PYTORCH, Conditions, Race
from edgeattn.results.other_way import OtherWay
from edgeattn.results.report import Report
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.timing.confidence import Interval, Ratio, in_batches
from edgeattn_runtime.timing.latency import Latency
from edgeattn_runtime.timing.surroundings import Watch


def test_the_json_has_the_keys_of_the_contract(report: Report) -> None:
    table = json.loads(report.to_json())
    head = {key: table[key] for key in ("schema", "model", "target", "verdict")}
    assert head == {"schema": 2, "model": "sentence", "target": "cpu", "verdict": "pass"}
    check = {"name": "cosine", "measured": 0.9934, "limit": 0.99, "ok": True, "decided": True}
    assert table["checks"][0] == {**check, "bound": 0.9921, "share": None, "needed": None}
    counts = {"calibration": 60, "selection": 40, "evaluation": 180, "unknown_tokens": None}
    assert table["samples"] == counts
    assert table["machine"] == json.loads(json.dumps(report.machine.to_table()))
    contract = {"cosine_mean", "cosine_min", "max_abs", "metric_pytorch", "metric_int8"}
    assert contract <= table["accuracy"].keys()
    latency = table["latency_ms"]
    assert latency.keys() == {"latencies", "conditions", "speedups"}
    assert table["size_mb"].keys() == latency["latencies"].keys() == {"pytorch", "float", "int8"}
    assert {"p50", "p90", "p99"} <= latency["latencies"]["int8"].keys()
    conditions = {"threads": 1, "shape": {"batch": 1, "sequence": 30}, "spinning": False}
    assert conditions.items() <= latency["conditions"].items()
    assert table["operators"]["Attention"] == table["fused"]["attention"] == 6
    assert table["refused"][0].keys() == {"rule", "node", "module", "reason"}
    layer = {"module": "encoder.0.attention.query", "form": "int8", "noun": "linear layer"}
    assert table["layers"][0] == {**layer, "r2": 0.9998, "trained_grid": ""}
    trial = {"name": "rows", "recipe": None, "r2": 0.993, "r2_min": 0.984, "latency_ms": 3.6}
    assert table["trials"][2] == {**trial, "size_mb": 24.1, "front": False, "chosen": False}
    assert table["notes"] == ["Int8 is not faster here: encoder.0.output is too small."]


def test_text_that_a_terminal_would_obey_is_refused(report: Report) -> None:
    layer = replace(report.layers[0], module="encoder\x1b[31m")
    text = replace(report, layers=(layer, *report.layers[1:])).to_json()
    with pytest.raises(BundleError, match=r"layers\[0\]\.module: "):
        Report.from_json(text)


def test_a_report_is_read_as_it_was_written(report: Report) -> None:
    assert Report.from_json(report.to_json()) == report


FAILED = Check("latency_ms", 3.2, 3, False)
FEW = Check("cosine_min", 0.99, 0.98, False, decided=False, share=0.8, needed=59)
WRONG = EdgeCase("left padding", ok=False, error=1.3, reason="error of int8 1.3")


@pytest.mark.parametrize(
    ("checks", "edge_cases", "verdict"),
    [
        ((), (), "pass"),
        ((FAILED,), (), "fail"),
        ((), (WRONG,), "fail"),
        ((FEW,), (), "undecided"),
        ((FEW, FAILED), (), "fail"),
    ],
)
@pytest.mark.parametrize("other", [False, True], ids=["its own way", "another way"])
def test_the_worst_part_is_the_verdict_in_any_way(
    report: Report, checks: tuple[Check, ...], edge_cases: tuple[EdgeCase, ...], verdict: str, other: bool
) -> None:
    added = {"checks": (*report.checks, *checks), "edge_cases": (*report.edge_cases, *edge_cases)}
    judged = replace(report, **added)
    if other:
        way = OtherWay(name="without kernels", accuracy=report.accuracy, latency_ms=None, **added)
        judged = replace(report, other_ways=(way,))
    assert judged.verdict == verdict
    assert Report.from_json(judged.to_json()) == judged
    assert judged.scores == {check.name: check.measured for check in judged.checks}


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("schema", 1, "schema"),
        ("schema", 3, "schema"),
        ("schema", "2", "schema"),
        ("verdict", "fail", "verdict"),
        ("verdict", "perhaps", "verdict"),
        ("checks", [{"name": "cosine"}], "checks"),
        ("samples", {"calibrate": 60, "judge": 180}, "samples"),
        ("machine", {"cpu": "Abacus"}, "machine"),
        ("accuracy", [], "accuracy"),
        ("latency_ms", {}, "latency_ms"),
        ("memory_mb", "much", "memory_mb"),
        ("operators", {"Attention": "many"}, "operators"),
        ("layers", [{"module": "a", "form": "int8", "r2": 1.0}], "noun"),
        ("trials", [{"name": "rows"}], "trials"),
        ("notes", [5], "notes"),
    ],
)
def test_a_report_that_is_not_one_is_refused_by_its_key(
    report: Report, key: str, value: object, named: str
) -> None:
    table = json.loads(report.to_json()) | {key: value}
    with pytest.raises(BundleError, match=named) as refusal:
        Report.from_json(json.dumps(table))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("key", ["schema", "verdict", "layers", "machine"])
def test_a_missing_key_is_named(report: Report, key: str) -> None:
    table = json.loads(report.to_json())
    del table[key]
    with pytest.raises(BundleError, match=key):
        Report.from_json(json.dumps(table))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": 2'])
def test_what_is_no_json_or_no_object_is_refused(text: str) -> None:
    with pytest.raises(BundleError):
        Report.from_json(text)


def test_intervals_distributions_and_surroundings_are_read_as_they_were_written(report: Report) -> None:
    latency = Latency.of(in_batches([1.0, 2.0, 3.0] * 300))
    race = Race(
        {PYTORCH: latency, INT8: latency},
        Conditions(1, {}, 1, 900, warmup=24, steady=False, surroundings=Watch().surroundings()),
        {INT8: Ratio(1.0, Interval(0.9, 1.1)), FLOAT: Ratio(2.0, None)},
    )
    assert latency.p99_interval is not None
    measured = replace(report, latency_ms=race)
    assert Report.from_json(measured.to_json()).latency_ms == race
