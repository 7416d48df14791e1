from __future__ import annotations

from dataclasses import replace

import pytest

from edgeattn.commands.export import check_placement
from edgeattn.report.graph_words import form_words, placement_words, trained_grid_words
from edgeattn.report.page import View, page
from edgeattn.report.table import report_parts, show
from edgeattn.results.graph import Fallback, Layer, Placement
from edgeattn.results.report import Report
from edgeattn_export.targets.cpu import FORMS
from edgeattn_runtime.errors import CheckFailed

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
