from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgeattn.report.loading import loading_parts
from edgeattn.report.number_words import figure, measured_text, megabytes
from edgeattn.report.table import checks_table, differing_machines, golden_table, report_parts, show
from edgeattn.results.check import Check
from edgeattn.results.report import Report
from edgeattn_runtime.bundle.golden import GoldenResult
from edgeattn_runtime.graph import Graph, Tensor
from edgeattn_runtime.processing import Image, Labels, Processing, Text
from edgeattn_runtime.processing.answer_span import AnswerSpan
from edgeattn_runtime.timing.machine import Machine

ENDS = tuple(
    Tensor(name, "int64", ("batch", "sequence")) for name in ("input_ids", "attention_mask", "token_type_ids")
)
GRAPH = Graph(ENDS, (Tensor("embedding", "float32", ("batch", 384)),))


def test_inputs_that_python_has_no_keyword_for_are_given_in_a_dict(
    capsys: pytest.CaptureFixture[str],
) -> None:
    graph = Graph((Tensor("maps.0", "float32", (1,)), Tensor("in", "float32", (1,))), GRAPH.outputs)
    show(loading_parts(Path("maps.edge"), graph))
    assert 'net(**{"maps.0": ..., "in": ...})["embedding"]' in capsys.readouterr().out


def test_an_app_calls_a_bundle_by_what_it_prepares(capsys: pytest.CaptureFixture[str]) -> None:
    image = Image(
        input="pixels",
        height=8,
        width=8,
        channels="L",
        layout="NCHW",
        resample="nearest",
        scale=1,
        mean=(0,),
        std=(1,),
    )
    labels = Labels(output="embedding", names=("a", "b"))
    asked = Text(tokenizer="t.json", ids="input_ids", mask=None, types=None, longest=None, pair="only_second")
    span = AnswerSpan(start="embedding", end="embedding", longest=9)
    for processing, call in (
        (Processing(text=asked, prediction=span), 'answer = net.predictions(out, text="...", pair="...")'),
        (Processing(image=image), 'net(**net.prepare(image="photo.png"))["embedding"]'),
        (Processing(labels=labels), "input_ids=..., attention_mask=..., token_type_ids=..."),
    ):
        show(loading_parts(Path("sentence.edge"), GRAPH, None, processing))
        assert call in capsys.readouterr().out


def test_a_proof_that_lets_a_gross_error_pass_has_its_table(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    show(report_parts(report), width=80)
    assert "always the mean" not in capsys.readouterr().out
    blind = tuple(replace(each, remedy="r2=0.98") if each.unseen else each for each in report.planted)
    show(report_parts(replace(report, planted=blind)), width=80)
    assert "always the mean" in capsys.readouterr().out


def test_a_bundle_of_kernels_has_both_ways_in_its_table(
    report: Report, two_ways: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    show(report_parts(two_ways), width=80)
    rows = [line.strip() for line in capsys.readouterr().out.splitlines() if "without kernels" in line]
    assert [row.split()[-1] for row in rows] == ["5.60", "2.86x", "0.96450", "0.97310"]
    show(report_parts(report))
    assert "without kernels" not in capsys.readouterr().out


def test_unknown_tokens_stand_next_to_the_number_of_samples(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    show(report_parts(replace(report, samples=replace(report.samples, unknown_tokens=0.0042))))
    words = " ".join(capsys.readouterr().out.split())
    assert "selected on 40, evaluated on 180, 0.42 % of their tokens unknown Recipe" in words


@pytest.mark.parametrize("width", [80, 120])
def test_a_report_fits_its_terminal_and_tells_all(
    report: Report, width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    show((*report_parts(report), *loading_parts(Path("sentence.edge"), GRAPH)), width=width)
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= width
    words = " ".join(text.split())
    for told in (
        "sentence for cpu, calibrated on 60 samples, selected on 40, evaluated on 180",
        "Recipe dynamic-int8",
        "Operators DynamicQuantizeMatMul 24, Attention 6",
        "Time DynamicQuantizeMatMul 70 %, Attention 28 %, others 2 %",
        "Fused attention 6",
        "Modules 1 linear layer as int8, 1 left float",
        "Refused projections at encoder.0: the inputs differ: [a] and [b]",
        "Size, MB 90.3 90.3 22.9",
        "Latency, ms, p50 16.0 9.00 3.20",
        "speedup, p50 1.00x 1.78x 5.00x",
        "R² to PyTorch 1.00000 0.98680",
        "worst channel, embedding[17] 0.96120",
        "Cosine 0.99340",
        "Latency of 384 calls on 32 samples, 1 thread; median batch 1, sequence 30",
        f"Measured on pi4: {report.machine}, onnxruntime 1.23.4",
        "cpu-on-pi4 dynamic-int8 3.20 0.800",
        "Int8 is not faster here: encoder.0.output is too small.",
        "cosine 0.99340 0.99210 at least 0.99 pass",
        "Edge cases: 1 of 1 right, the largest error 0.13300",
        "sequence 512 not compared the original does not answer: IndexError: too long",
        "size_mb 22.9 at most 24 MB pass",
        "Verdict: pass",
        'net = edgeattn_runtime.load("sentence.edge")',
        'out = net( input_ids=..., attention_mask=..., token_type_ids=... )["embedding"]',
    ):
        assert told in words


def test_the_metric_stands_in_the_table_where_there_is_one(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    accuracy = replace(report.accuracy, metric_pytorch=0.9852, metric_int8=0.9815)
    show(report_parts(replace(report, accuracy=accuracy)), width=80)
    assert "Metric of the model 0.9852 0.9815" in " ".join(capsys.readouterr().out.split())


def test_a_failed_check_says_so(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    failed = replace(report, checks=(Check("latency_ratio", 2.5, 3.0, False),))
    show([checks_table(failed.checks), report_parts(failed)[-1]], width=80)
    words = " ".join(capsys.readouterr().out.split())
    assert "latency_ratio 2.5 at least 3x fail" in words
    assert "Verdict: fail" in words


def test_dims_are_not_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    show([golden_table([GoldenResult(0, "logits[red]", 0.02, 0.1, ok=False)])], width=80)
    assert "logits[red]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "written"),
    [(1284.4, "1284"), (39.21, "39.2"), (1.236, "1.24"), (0.0832, "0.083"), (0, "0.000")],
)
def test_a_figure_has_three_digits_that_count(value: float, written: str) -> None:
    assert figure(value) == written


def test_sizes_too_small_for_a_figure_are_still_there() -> None:
    assert megabytes({"int8": 22.1, "int64": 0.0001}) == "int8 22.1 MB, int64 below 1 kB"


def test_a_failure_is_visible_in_what_was_measured() -> None:
    assert measured_text(Check("cosine", 0.999998, 1.0, False)) == "0.999998"
    assert measured_text(Check("golden", 0.4500001, 0.45, False)) == "0.4500001"


@pytest.mark.parametrize(
    "change", [{"cpu": "Slide rule"}, {"cores": 2}, {"instruction_sets": ("avx2",)}], ids=str
)
def test_another_machine_is_told_of(machine: Machine, change: dict[str, Any]) -> None:
    (line,) = differing_machines(machine, replace(machine, **change))
    assert str(machine) in line.plain


@pytest.mark.parametrize(
    "change",
    [{}, {"memory_mb": 1000}, {"system": "Linux 6.2"}, {"versions": {"onnxruntime": "1.24"}}],
    ids=str,
)
def test_the_same_processor_is_not_spoken_of(machine: Machine, change: dict[str, Any]) -> None:
    assert differing_machines(machine, replace(machine, **change)) == ()


def test_a_reason_is_told_once_with_the_number_of_its_places(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    there, elsewhere = (replace(report.refused[0], module=f"encoder.{i}") for i in (1, 2))
    other = replace(there, reason="its bias differs")
    show(report_parts(replace(report, refused=(*report.refused, there, other, elsewhere))), width=80)
    words = " ".join(capsys.readouterr().out.split())
    assert "projections at encoder.0: the inputs differ: [a] and [b] (and at 2 more places)" in words
    assert "projections at encoder.1: its bias differs" in words
    assert "encoder.2" not in words
