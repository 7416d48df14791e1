"""A bundle of several graphs: totals hold for all of them, and a recipe reaches each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeattn import pipeline
from edgeattn.bundle import Bundle
from edgeattn.judge.request import Objective
from edgeattn.source import handover
from edgeattn.source.module import ModuleSource
from edgeattn_export.capture import Captured
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.recipes.recipe import read_recipe

CAPTIONER = Path(__file__).with_name("captioner.py")
LIMIT = {"cosine": 0.9, "size_mb": 0.06}  # of 0.086 in int8 alone

pytestmark = pytest.mark.usefixtures("captured_once")


@pytest.fixture(scope="module")
def source() -> ModuleSource:
    return handover.load(str(CAPTIONER))


@pytest.fixture(scope="module")
def captured(source: ModuleSource) -> Captured:
    return source.capture(source.read(), ORT_CPU)


@pytest.fixture(scope="module")
def bundle(source: ModuleSource) -> Bundle:
    return pipeline.export(source.module, source.samples, budget=LIMIT)


def test_the_sum_of_its_graphs_keeps_to_a_limit_on_size(bundle: Bundle) -> None:
    graphs = set(bundle.manifest.variants[0].files.values())
    assert len(graphs) == 2
    assert bundle.report.verdict == "pass"
    total = sum(len(bundle.packed.files[file]) for file in graphs) / 1e6
    assert bundle.report.size_mb["int8"] == pytest.approx(total)
    assert total <= LIMIT["size_mb"]


def test_every_trial_is_one_of_the_whole_bundle(bundle: Bundle) -> None:
    (chosen,) = (line for line in bundle.report.trials if line.chosen)
    assert chosen.size_mb == pytest.approx(bundle.report.size_mb["int8"])
    assert all("model: " in line.name and "encoder: " in line.name for line in bundle.report.trials)


def test_its_own_recipe_leads_to_the_same_graphs_again(
    bundle: Bundle, source: ModuleSource, tmp_path: Path
) -> None:
    (chosen,) = (line for line in bundle.report.trials if line.chosen)
    assert chosen.recipe is not None
    layers = json.loads(bundle.packed.files[chosen.recipe])["layers"]
    assert {entry["layer"].partition("/")[0] for entry in layers} <= {"*", "model", "encoder"}
    recipe = tmp_path / "recipe.json"
    recipe.write_bytes(bundle.packed.files[chosen.recipe])
    again = pipeline.export(source.module, source.samples, objective=Objective(recipe=read_recipe(recipe)))
    assert (again.report.recipe, again.report.layers) == (bundle.report.recipe, bundle.report.layers)
    assert again.report.accuracy == bundle.report.accuracy
    assert [(line.name, line.chosen) for line in again.report.trials] == [(chosen.name, True)]
    for file in bundle.manifest.variants[0].files.values():
        assert again.packed.files[file] == bundle.packed.files[file]


def test_a_limit_that_nothing_meets_is_named_once_for_all_graphs(source: ModuleSource) -> None:
    missed = pipeline.export(source.module, source.samples, budget={**LIMIT, "size_mb": 0.01})
    assert [check.name for check in missed.report.checks if not check.ok] == ["size_mb"]
    (note,) = (note for note in missed.report.notes if note.startswith("No recipe meets "))
    assert "size_mb=0.01 on the selection samples" in note
    assert "Nearest: " in note
