"""Digits as a bundle for browsers; the folder is no package, so that its modules are found as scripts are."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn import pipeline
from edgeattn.judge.request import Objective, Request
from edgeattn.progress import Silent
from edgeattn.results.bundle import read_report
from edgeattn.results.report import Report
from edgeattn.source.handover import load
from edgeattn_export.targets import TARGETS
from edgeattn_export.targets.cpu import DYNAMIC_INT8
from edgeattn_export.targets.target import Target
from edgeattn_runtime.bundle.folder import open_bundle

sys.path.insert(0, str(Path(__file__).parent))

DIGITS, STORY = (Path(__file__).parents[2] / "models" / name / "model.py" for name in ("digits", "story"))


@pytest.fixture(scope="session")
def web() -> Target:
    """The target, where its environment is installed."""
    target = TARGETS["web"]
    if (lacking := target.engine.host.missing()) is not None:
        pytest.skip(lacking)
    return target


@pytest.fixture(scope="session")
def exported(web: Target, made_once: Callable[[str, Callable[[Path], object]], Path]) -> tuple[Report, Path]:
    """Digits for the processor and for browsers: the second's report, and the bundle."""
    folder = made_once("digits-for-browsers.edge", lambda folder: _export(DIGITS, ["cpu", web.name], folder))
    return read_report(open_bundle(folder), web.name), folder


@pytest.fixture(scope="session")
def story(web: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that continues texts, for browsers."""
    folder = tmp_path_factory.mktemp("story") / "story.edge"
    _export(STORY, [web.name], folder)
    return folder


def _export(model: Path, targets: list[str], folder: Path) -> None:
    source = load(str(model))
    request = Request.read(
        targets,
        source.budget,
        Objective("speed", DYNAMIC_INT8),
        has_metric=source.metric is not None,
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("edgeattn.measure.race.RACE_SECONDS", 1.0)
        pipeline.run(source, request, Silent()).save(folder)
