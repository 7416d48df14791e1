"""What a report says, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeattn.commands.export import check_placement
from edgeattn.report.graph_words import form_words, placement_words, trained_grid_words
from edgeattn.report.page import View, page
from edgeattn.report.table import report_parts, show
from edgeattn.report.verdict_words import (
    confidence_text,
    edge_cases_line,
    planted_rows,
    undecided_notes,
    unseen_notes,
)
from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.graph import Fallback, Layer, Placement
from edgeattn.results.planted_error import PlantedError
from edgeattn.results.report import Report
from edgeattn_export.targets.cpu import FORMS
from edgeattn_runtime.errors import CheckFailed

SEEN = PlantedError("twice", ("r2",), smallest=0.14)
UNSEEN = PlantedError("constant", (), ("y",), remedy="r2=0.98")


def test_a_row_says_what_fails_an_error_and_from_which_size() -> None:
    shift = PlantedError("shift", (), ("y", "z"), smallest=1.4)
    assert planted_rows([SEEN, UNSEEN, shift, PlantedError("tenth", ("r2",), smallest=0.156)]) == [
        ("twice the right one", "r2", "1.14 times"),
        ("always the mean", "nothing, in y", ""),
        ("0.1 of the spread too high", "nothing, in y, z", "0.14 of the spread"),
        ("a tenth of the right one", "r2", "0.86 times"),
    ]


def test_gross_errors_alone_are_noted_and_together() -> None:
    assert unseen_notes([SEEN, PlantedError("shift", (), ("y",))]) == ()
    assert unseen_notes([UNSEEN, PlantedError("twice", (), ("y", "z"), remedy="r2=0.98")]) == (
        "This proof would not see a wrong answer in y, z: always the mean, twice the right one; "
        "add r2=0.98 to the budget.",
    )


FEW = Check("cosine_min", 0.9991, 0.998, ok=False, decided=False, share=0.8609, needed=59)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check("size_mb", 22.9, 24, ok=True), ""),
        (Check("cosine", 0.9934, 0.99, ok=True, bound=0.99212), "0.99212"),
        (Check("cosine", 0.9934, 0.99, ok=False, decided=False, bound=0.98999999), "0.98999999"),
        (FEW, "for 86 % of inputs"),
        (Check("cosine_min", 0.9991, 0.998, ok=True, share=0.97535), "for 97.5 % of inputs"),
    ],
)
def test_what_is_shown_of_all_inputs_is_written(check: Check, words: str) -> None:
    assert confidence_text(check) == words


def test_what_would_decide_is_told() -> None:
    (line,) = undecided_notes([FEW, Check("size_mb", 25.0, 24, ok=False)], 20)
    assert line == (
        "cosine_min is 0.99910, at least 0.998 required, but 20 evaluation samples do not show that of "
        "all inputs: 59 would do; yield 118 samples or more."
    )


def test_where_nothing_would_decide_that_is_told() -> None:
    (line,) = undecided_notes([Check("metric_drop", 0.0, 0.0, ok=False, decided=False, bound=0.01)], 1)
    assert line.endswith(
        "but 1 evaluation sample does not show that of all inputs: no number of samples like these would; "
        "ask for less."
    )


def test_what_is_not_compared_does_not_count() -> None:
    cases = [
        EdgeCase("batch 3", ok=True, error=0.1416),
        EdgeCase("batch 7", ok=False, reason="int8 does not answer"),
        EdgeCase("sequence 1", ok=True, reason="the original answers NaN or infinity"),
    ]
    assert edge_cases_line(cases) == "Edge cases: 1 of 2 right, the largest error 0.14160"
    assert edge_cases_line(cases[2:]) == "Edge cases: 0 of 0 right"
    beyond = EdgeCase("all of x at its largest", ok=True, error=0.8, reason="no real input is like it")
    assert edge_cases_line([*cases, beyond]) == edge_cases_line(cases)


GATHERS = Fallback("Gather", 2, ("a", "b", "c", "d", ""), 0.0, "not in its list of operators")
PARTED = Placement(
    "expected", "NpuExecutionProvider", {"NpuExecutionProvider": 0.75, "Cpu": 0.25}, 3, (GATHERS,)
)
WHOLE = Placement("found", "NpuExecutionProvider", {"NpuExecutionProvider": 1.0}, 1, ())


@pytest.fixture
def parted(report: Report) -> Report:
    return replace(report, placement=PARTED)


def test_shares_partitions_and_fallbacks_are_told() -> None:
    head, line = placement_words(PARTED).splitlines()
    assert "expected: NpuExecutionProvider 75 %, Cpu 25 %" in head
    assert "3 partitions" in head
    assert "2 Gather at a, b, c and 1 more: not in its list" in line
    assert placement_words(WHOLE).endswith("1 partition")


def test_report_page_and_json_tell_of_it(parted: Report, capsys: pytest.CaptureFixture[str]) -> None:
    show(report_parts(parted), width=200)
    assert "3 partitions" in capsys.readouterr().out
    assert "3 partitions" in page(View(report=parted, drawn=None, facts={}))
    assert Report.from_json(parted.to_json()).placement == PARTED


def test_strict_fails_on_any_fallback(report: Report, parted: Report) -> None:
    with pytest.raises(CheckFailed, match="Gather"):
        check_placement(parted)
    check_placement(replace(report, placement=WHOLE))
    check_placement(report)  # there is but one place


def test_strict_fails_where_nothing_tells_what_falls_back(report: Report) -> None:
    with pytest.raises(CheckFailed, match="sentence for xnnpack: "):
        check_placement(replace(report, target="xnnpack"))
    check_placement(replace(report, target="web"))
    check_placement(replace(report, target="cpu-on-pi4"))


def test_linear_layers_embeddings_and_activations_are_counted_apart() -> None:
    forms = {"int8": 3, "gelu tanh": 2, "residual int8": 1, "int4 rows": 1, "float": 1}
    layers = [
        Layer("module", form, FORMS.noun(form), None) for form, number in forms.items() for _ in range(number)
    ]
    assert form_words(layers) == (
        "3 linear layers as int8, 2 activations as gelu tanh, 1 linear layer as residual int8, "
        "1 embedding as int4 rows, 1 left float"
    )


def test_nothing_is_none() -> None:
    assert form_words([]) == "none"


def test_trained_grids_are_counted_and_those_that_were_lost_have_a_reason(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    grids = {"a": "kept", "b": "kept", "c": "it stays float", "d": "it stays float", "e": ""}
    layers = tuple(Layer(name, "int8", "linear layer", None, grid) for name, grid in grids.items())
    assert trained_grid_words(layers) == "kept in 2 of 4 layers\nnot in c, d: it stays float"
    assert trained_grid_words(layers[-1:]) == ""
    with_inputs = [replace(layers[0], trained_grid="kept with its input's"), layers[1]]
    assert trained_grid_words(with_inputs) == "kept in 2 of 2 layers, with their inputs in 1"
    trained = replace(report, layers=layers)
    show(report_parts(trained), width=200)
    assert "kept in 2 of 4 layers" in capsys.readouterr().out
    drawn = page(View(report=trained, drawn=None, facts={}))
    assert "Trained grids kept in 2 of 4 layers; not in c, d: it stays float." in drawn
    assert "Trained grids" not in page(View(report=report, drawn=None, facts={}))
    assert Report.from_json(trained.to_json()).layers == layers
