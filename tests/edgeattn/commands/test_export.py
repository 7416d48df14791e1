from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgeattn import pipeline
from edgeattn.__main__ import main
from edgeattn.bundle import Bundle
from edgeattn.judge.request import Request
from edgeattn.progress import Progress
from edgeattn.report import pareto  # noqa: F401  # an old matplotlib warns as it is imported, not amid a command
from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.report import Report
from edgeattn.source import module
from edgeattn.source.source import Source
from edgeattn_export.graph.hosts.environment import FOLDER_VARIABLE
from edgeattn_runtime.timing.machine import Machine

TINY = Path(__file__).parents[1] / "tiny.py"


@pytest.mark.usefixtures("instant_capture")
def test_json_is_the_report_alone_and_the_folder_all_that_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(TINY), "--json", "--budget", "size_mb=1"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    report = Report.from_json(printed.out)
    assert (report.model, report.verdict) == ("tiny", "pass")
    assert [check.name for check in report.checks] == ["cosine", "metric_drop", "size_mb", "golden"]
    assert report.machine == Machine.here()
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.edge"]
    assert (tmp_path / "tiny.edge" / "report.json").read_text() == printed.out


@pytest.fixture
def reported(ran: Callable[..., str]) -> Callable[..., Report]:
    """Exports the tiny model, and returns the report that is printed."""
    return lambda folder, *options, **code: Report.from_json(
        ran("export", TINY, "-o", folder, "--json", *options, **code)
    )


@pytest.mark.usefixtures("instant_capture")
def test_a_draft_searches_nothing_and_is_marked_as_one(tmp_path: Path, ran: Callable[..., str]) -> None:
    folder = tmp_path / "draft.edge"
    printed = ran("export", TINY, "-o", folder, "--draft")
    assert printed.strip().startswith("tiny (draft) for cpu")
    assert "Export without --draft to ship." in " ".join(printed.split())
    report = Report.from_json((folder / "report.json").read_text())
    assert (report.draft, len(report.trials), report.losses) == (True, 1, ())
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["provenance"]["draft"] is True
    assert "session" not in manifest["variants"][0]
    assert "<h1>tiny (draft) " in (folder / "report.html").read_text()


@pytest.mark.usefixtures("instant_capture")
def test_no_other_bundle_is_marked_as_a_draft(folder: Path) -> None:
    assert not Report.from_json((folder / "report.json").read_text()).draft
    assert "draft" not in json.loads((folder / "manifest.json").read_text())["provenance"]


@pytest.mark.usefixtures("instant_capture")
def test_another_recipe_of_the_front_is_followed_too(
    folder: Path, tmp_path: Path, reported: Callable[..., Report]
) -> None:
    path = tmp_path / "recipe.json"
    layers = [{"layer": "*", "form": "int8 per token", "techniques": {"smoothing": 0.5}}]
    path.write_text(json.dumps({"schema": 2, "name": "by hand", "rewrites": [], "layers": layers}))
    report = reported(tmp_path / "by-hand.edge", "--recipe", path)
    assert report.recipe == "by hand"
    forms = {layer.module: layer.form for layer in report.layers}
    assert forms == {"embed": "float", "query+key+value": "int8 per token", "tags": "int8 per token"}


def test_a_recipe_does_not_replace_the_bundle_that_it_lies_in(
    folder: Path, refused: Callable[..., str]
) -> None:
    recipe = next((folder / "recipes").iterdir())
    before = sorted(folder.rglob("*"))
    line = refused("export", TINY, "-o", folder, "--recipe", recipe)
    assert f"{folder}: " in line
    assert recipe.name in line
    assert line.count("\n") == 1
    assert sorted(folder.rglob("*")) == before


@pytest.mark.usefixtures("instant_export")
def test_a_person_gets_a_table_and_the_way_on(tmp_path: Path, ran: Callable[..., str]) -> None:
    folder = tmp_path / "here.edge"
    text = ran("export", TINY, "-o", folder)
    assert "Verdict: pass" in text
    assert "The bundle says  tags " in text
    assert "edgeattn_runtime.load(" in text
    assert folder.name in text
    assert (folder / "manifest.json").is_file()


def test_options_of_the_command_line_override_the_files(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Request] = []

    def run(source: Source, request: Request, progress: Progress) -> Bundle:
        asked.append(request)
        return bundle

    monkeypatch.setattr(pipeline, "run", run)
    arguments = ["export", str(TINY), "-o", str(tmp_path / "x.edge"), "--budget", "cosine=0.9"]
    assert main([*arguments, "--budget", "latency_ratio=2", "--prefer", "size"]) == 0
    (request,) = asked
    assert request.objective.prefer == "size"
    assert request.budget.limits == {"cosine": 0.9, "metric_drop": 0.2, "latency_ratio": 2.0}


def test_a_bundle_that_fails_its_budget_is_written_and_the_exit_code_is_one(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = replace(bundle.report, checks=(Check("cosine", 0.97, 0.99, False),))
    monkeypatch.setattr(pipeline, "run", lambda *_: Bundle({"cpu": failed}, bundle.packed))
    folder = tmp_path / "x.edge"
    assert main(["export", str(TINY), "-o", str(folder), "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["verdict"] == "fail"
    assert re.search("cosine .*0.97000, .*0.99 ", printed.err)
    assert str(folder) in printed.err
    assert printed.err.count("\n") == 1
    assert (folder / "manifest.json").is_file()


@pytest.mark.parametrize(
    ("change", "verdict", "told"),
    [
        (
            {"checks": (Check("cosine_min", 0.999, 0.998, False, decided=False, share=0.8, needed=59),)},
            "undecided",
            "tiny for cpu: not enough samples: cosine_min is 0.99900, at least 0.998 required, but 24 "
            "evaluation samples do not show that of all inputs: 59 would do; yield 118 samples or more",
        ),
        (
            {"edge_cases": (EdgeCase("batch 3", ok=False, error=1.3, reason="error of int8 1.3"),)},
            "fail",
            "tiny for cpu fails edge cases: batch 3 (error of int8 1.3); bundle still",
        ),
    ],
    ids=["undecided", "edge case"],
)
def test_what_is_no_pass_is_written_too_and_told_in_a_line(
    bundle: Bundle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, Any],
    verdict: str,
    told: str,
) -> None:
    changed = replace(bundle.report, **change)
    monkeypatch.setattr(pipeline, "run", lambda *_: Bundle({"cpu": changed}, bundle.packed))
    assert main(["export", str(TINY), "-o", str(tmp_path / "x.edge"), "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["verdict"] == verdict
    assert told in printed.err
    assert printed.err.count("\n") == 1
    assert (tmp_path / "x.edge" / "manifest.json").is_file()


def test_a_model_in_training_mode_is_warned_of_in_a_line(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "trained.py"
    path.write_text(TINY.read_text().replace(".eval()", ".train()"))
    monkeypatch.setattr(module, "capture", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert main(["export", str(path), "-o", str(tmp_path / "x.edge")]) == 130
    warning, _ = capsys.readouterr().err.splitlines()
    assert warning.startswith("edgeattn: warning: Tagger ")


Refused = Callable[..., str]


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "run", lambda *_: pytest.fail("long work before the input was checked"))


@pytest.mark.usefixtures("no_work")
def test_a_place_for_no_bundle_is_refused_before_any_work(refused: Refused, tmp_path: Path) -> None:
    mine = tmp_path / "thesis.txt"
    mine.write_text("years of work")
    assert f"{tmp_path}: " in refused("export", TINY, "-o", tmp_path)
    assert str(mine) in refused("export", TINY, "-o", mine / "x.edge")
    assert (list(tmp_path.iterdir()), mine.read_text()) == ([mine], "years of work")


@pytest.mark.usefixtures("no_work")
def test_an_unknown_target_is_refused(refused: Refused, tmp_path: Path) -> None:
    assert "'toaster'" in refused("export", TINY, "-o", tmp_path / "x.edge", "--target", "toaster")


@pytest.mark.usefixtures("no_work")
def test_strict_is_refused_where_nothing_would_tell_what_falls_back(
    refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "nothing installed"))
    line = refused("export", TINY, "-o", tmp_path / "x.edge", "--target", "openvino", "--strict")
    assert "'openvino'" in line
    assert "edgeattn targets --install openvino" in line
    assert not any(tmp_path.iterdir())
