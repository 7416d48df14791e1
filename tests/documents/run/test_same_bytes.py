"""Two exports of the same inputs by one recipe: the same bytes but for what the report says is measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgeattn.report.files import Provenance, report_files
from edgeattn.results.report import Report
from edgeattn_export.targets.cpu import DYNAMIC_INT8
from edgeattn_runtime.bundle.folder import open_bundle

TINY = Path(__file__).parents[2] / "edgeattn" / "tiny.py"
RENDERED = {"report.json", "report.html", "pareto.svg", "README.md"}  # of what is measured
BY_TIME = ("session", "stacks", "measured")  # of a variant in the manifest

Surroundings = dict[str, str]
EARLY: Surroundings = {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
LATE: Surroundings = {"PYTHONHASHSEED": "4242", "TZ": "America/Lima", "LC_ALL": "C.UTF-8", "COLUMNS": "40"}


def export(folder: Path, name: str, surroundings: Surroundings, recipe: Path) -> subprocess.Popen[str]:
    """Start an export in a folder of its own, with folders of its own for all that is temporary or kept."""
    (folder / "tmp").mkdir(parents=True)
    command = [sys.executable, "-m", "edgeattn", "export", str(TINY), "--recipe", str(recipe), "-o", name]
    own = {"TMPDIR": str(folder / "tmp"), "EDGEATTN_CACHE": str(folder / "cache"), **surroundings}
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same twice, under two names in two folders."""
    folder = tmp_path_factory.mktemp("twice")
    recipe = folder / "recipe.json"
    recipe.write_text(DYNAMIC_INT8.to_json())
    places = {"first.edge": folder / "a", "second.edge": folder / "b" / "deeper"}
    started = [
        export(place, name, surroundings, recipe)
        for (name, place), surroundings in zip(places.items(), (EARLY, LATE), strict=True)
    ]
    for process in started:
        said, _ = process.communicate()
        assert process.returncode == 0, said
    first, second = (place / name for name, place in places.items())
    return first, second


def test_every_file_but_the_reports_is_the_same(bundles: tuple[Path, Path]) -> None:
    first, second = (
        {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        for folder in bundles
    )
    assert first.keys() == second.keys()
    assert {name for name in first if first[name] != second[name]} <= RENDERED | {"manifest.json"}
    assert first.keys() - RENDERED >= {"manifest.json", "model.onnx", "golden.safetensors"}


def test_the_manifests_differ_in_what_follows_from_times(bundles: tuple[Path, Path]) -> None:
    first, second = (json.loads((folder / "manifest.json").read_bytes()) for folder in bundles)
    for manifest in (first, second):
        for name in RENDERED & manifest["files"].keys():
            del manifest["files"][name]
        for variant, name in ((variant, name) for variant in manifest["variants"] for name in BY_TIME):
            variant.pop(name, None)
    assert first == second


def test_the_reports_differ_in_what_they_say_is_measured(bundles: tuple[Path, Path]) -> None:
    first, second = (json.loads((folder / "report.json").read_bytes()) for folder in bundles)
    assert first["measured"] == second["measured"]
    differing = {key for key in first if first[key] != second[key]}
    assert "latency_ms" in differing
    assert differing <= set(first["measured"]) < first.keys()


def test_pages_and_pictures_differ_by_the_report_alone(bundles: tuple[Path, Path]) -> None:
    for folder in bundles:
        files = open_bundle(folder)
        report = Report.from_json((folder / "report.json").read_bytes())
        recipes = {
            trial.recipe: files.path(trial.recipe).read_bytes() for trial in report.trials if trial.recipe
        }
        again = report_files(report, recipes, Provenance.of(files.manifest, report.target))
        assert {name for name in again if again[name] != files.path(name).read_bytes()} == set()
