from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn import pipeline
from edgeattn.__main__ import main
from edgeattn.bundle import Bundle
from edgeattn.judge.budget import Check
from edgeattn.measure.race import Conditions, Race
from edgeattn.report.report import Accuracy, Layer, Refusal, Report
from edgeattn.report.trial_line import TrialLine
from edgeattn.source import handover
from edgeattn.source.handover import Handover
from edgeattn_export.capture import Captured, capture, read_samples
from edgeattn_export.graph.axes import infer_axes
from edgeattn_export.graph.samples import Samples
from edgeattn_runtime.latency import Latency

TINY = Path(__file__).with_name("tiny.py")


@pytest.fixture(scope="session")
def report() -> Report:
    """A report with something in every field."""
    return Report(
        model="sentence",
        target="cpu",
        recipe="dynamic-int8",
        samples={"calibrate": 60, "judge": 180},
        checks=(Check("cosine", 0.9934, 0.99, True), Check("size_mb", 22.9, 24, True)),
        accuracy=Accuracy(0.9934, 0.9847, 1.0, 0.036, None, None),
        size_mb={"pytorch": 90.3, "float": 90.3, "int8": 22.9},
        latency_ms=Race(
            {
                name: Latency(p50, 2 * p50, 3 * p50, 384)
                for name, p50 in (("pytorch", 16), ("float", 9), ("int8", 3.2))
            },
            Conditions(threads=1, shape={"batch": 1, "sequence": 30}, samples=32, rounds=384),
        ),
        memory_mb=51.1,
        operators={"DynamicQuantizeMatMul": 24, "Attention": 6},
        fused={"attention": 6},
        refused=(Refusal("projections", "node_3", "encoder.0", "the inputs differ: [a] and [b]"),),
        layers=(Layer("encoder.0.attention.query", "int8", 0.9998), Layer("", "float", None)),
        trials=(
            TrialLine("dynamic-int8", "recipes/01-dynamic-int8.json", 0.994, 0.985, 3.1, 22.9, True, True),
            TrialLine("smoothed", "recipes/02-smoothed.json", 0.999, 0.998, 3.4, 22.9, True, False),
            TrialLine("rows", None, 0.993, 0.984, 3.6, 24.1, False, False),
        ),
        notes=("Int8 is not faster here: encoder.0.output is too small.",),
    )


@pytest.fixture(scope="session")
def handed() -> Handover:
    return handover.load(str(TINY))


@pytest.fixture(scope="session")
def halves(handed: Handover) -> tuple[Samples, Samples]:
    """The samples that calibrate, and those that judge."""
    return read_samples(handed.module, handed.samples).split()


@pytest.fixture(scope="session")
def captured(handed: Handover, halves: tuple[Samples, Samples]) -> Captured:
    """The tiny model as PyTorch exports it, which is most of an export's time."""
    return capture(handed.module, halves[0], infer_axes(read_samples(handed.module, handed.samples), None))


@pytest.fixture(scope="session")
def bundle(handed: Handover, captured: Captured) -> Bundle:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "capture", lambda *_: captured)
        return pipeline.export(
            handed.module,
            handed.samples,
            budget=handed.budget,
            name=handed.name,
            metric=handed.metric,
            source=handed.source_sha256,
        )


@pytest.fixture(scope="session")
def _saved(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle.save(tmp_path_factory.mktemp("bundle") / "tiny.edge")


@pytest.fixture
def folder(_saved: Path, tmp_path: Path) -> Path:
    """A bundle on disk, the test's own."""
    return Path(shutil.copytree(_saved, tmp_path / "tiny.edge"))


@pytest.fixture
def instant_capture(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Export as ever, but for the capture."""
    monkeypatch.setattr(pipeline, "capture", lambda *_: captured)


@pytest.fixture
def instant_export(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hand back the session's bundle where a command would export for seconds."""
    monkeypatch.setattr(pipeline, "export", lambda *args, **kwargs: bundle)


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must fail with one line on stderr and nothing on stdout; return the line."""

    def run(*arguments: object, code: int = 2) -> str:
        assert main([str(argument) for argument in arguments]) == code
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith("edgeattn: ")
        assert printed.err.count("\n") == 1
        return printed.err

    return run
