from __future__ import annotations

import asyncio
import gc
import math
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from edgeattn import pipeline
from edgeattn.__main__ import main
from edgeattn.bundle import Bundle
from edgeattn.commands import log_lines
from edgeattn.judge.request import Objective, Request
from edgeattn.progress import Silent
from edgeattn.results.accuracy import Accuracy, ModuleLoss, OutputAccuracy
from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.graph import Layer, ModulePart, Refusal
from edgeattn.results.latency import Conditions, Price, Race
from edgeattn.results.other_way import OtherWay
from edgeattn.results.planted_error import PlantedError
from edgeattn.results.report import Counts, Report
from edgeattn.results.trial import TrialResult
from edgeattn.results.worst_sample import InputView, WorstSample
from edgeattn.source import handover, module
from edgeattn.source.module import ModuleSource
from edgeattn_export.capture import Captured
from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.graph.runner import SessionRunner
from edgeattn_export.graph.samples import Samples, SampleSplit
from edgeattn_export.incremental.kv_cache.stepping import StepRunner
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.bundle.golden import GoldenResult
from edgeattn_runtime.timing.benchmark import DeviceBenchmark, Run, Timing
from edgeattn_runtime.timing.latency import Latency
from edgeattn_runtime.timing.machine import Machine

TINY = Path(__file__).with_name("tiny.py")

# Where Dask gives up a connection in the turn of its loop in which it is made, nothing closes the socket.
# Tornado keeps it with the loop that has ended, until there is another; then Python says so when it is
# collected as garbage, in whichever test runs by then.
LOST_BY_DASK = "ignore:unclosed <socket:ResourceWarning"

SMALLEST = Objective("size")  # of so small a model the fastest forms differ from run to run

Row = tuple[int, ...]


@pytest.fixture(scope="session", autouse=True)
def _no_log_lines() -> Iterator[None]:
    """Leave progress out of stderr, however long a command takes on a machine that is busy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_lines, "PAUSE", math.inf)
        yield


class Watched(Silent):
    """Notes the stages of an export, and which rows of tokens each kind of runner is fed in each of them.

    Attributes:
        stages: In their order.
        fed: Stage, kind of runner, and tokens.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.stages: list[str] = []
        self.fed: set[tuple[str, str, Row]] = set()
        for kind in (Reference, SessionRunner, StepRunner):
            for method in ("__call__", "bind", "walk"):
                if hasattr(kind, method):
                    patch.setattr(kind, method, self._noting(kind.__name__, getattr(kind, method)))

    def stage(self, name: str) -> None:
        self.stages.append(name)

    def step(self, done: int, total: int, doing: str = "") -> None:
        assert 0 <= done <= total > 0

    def note(self, text: str) -> None:
        assert text

    def rows(self, *stages: str, kind: str = "") -> set[Row]:
        """Return what some kind of runner, or any, was fed in these stages."""
        return {row for stage, by, row in self.fed if stage in stages and kind in by}

    def _noting(self, kind: str, method: Callable[..., object]) -> Callable[..., object]:
        def noted(runner: object, inputs: Mapping[str, Any], *more: object) -> object:
            rows = inputs.get("tokens", ())
            self.fed |= {(self.stages[-1], kind, tuple(row.tolist())) for row in rows}
            return method(runner, inputs, *more)

        return noted


def rows_of(samples: Samples) -> set[Row]:
    """Return the samples' rows of tokens."""
    return {tuple(row.tolist()) for sample in samples for row in sample.inputs["tokens"]}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "dask_collected" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.filterwarnings(LOST_BY_DASK))


@pytest.fixture(scope="module")
def dask_collected() -> Iterator[None]:
    """Collects what Dask lost in a file's tests: in another file's, an unclosed socket is an error."""
    yield
    asyncio.run(_another_loop())
    gc.collect()


async def _another_loop() -> None:
    """Have Tornado drop the loops that have ended, as it does where it meets a new one."""
    IOLoop.current()


@pytest.fixture(scope="session")
def machine() -> Machine:
    """A machine that is not this one."""
    return Machine(
        cpu="Abacus(R) CPU 9000 @ 0.01GHz",
        instruction_sets=("avx2", "avx512_vnni"),
        cores=3,
        memory_mb=7654,
        system="Linux 6.1.0-9-cloud",
        versions={"python": "3.13.0", "onnxruntime": "1.23.4", "numpy": "2.3.0"},
    )


@pytest.fixture(scope="session")
def device(machine: Machine) -> DeviceBenchmark:
    """What another machine measured of a bundle of two golden samples."""
    timings = (
        Timing(0, {"batch": 1, "sequence": 16}, Latency(0.754, 0.8, 0.9, 100)),
        Timing(1, {"batch": 1, "sequence": 128}, Latency(6.08, 6.2, 6.9, 100)),
    )
    return DeviceBenchmark(
        model="sentence",
        target="cpu",
        graphs={"model.onnx": "0" * 64},
        machine=machine,
        load_ms=123.0,
        peak_memory_mb=98.7,
        golden=(
            GoldenResult(0, "embedding", 0.04217, 0.01, ok=True),
            GoldenResult(1, "embedding", 0.5, None, ok=False),
        ),
        runs=(Run(1, timings), Run(2, timings)),
    )


@pytest.fixture(scope="session")
def report(machine: Machine, device: DeviceBenchmark) -> Report:
    """A report with something in every field."""
    return Report(
        model="sentence",
        target="cpu",
        recipe="dynamic-int8",
        machine=machine,
        samples=Counts(calibration=60, selection=40, evaluation=180),
        checks=(Check("cosine", 0.9934, 0.99, True, bound=0.9921), Check("size_mb", 22.9, 24, True)),
        accuracy=Accuracy(
            outputs=(OutputAccuracy("embedding", "embedding", "a length of 1", 0.9868, 0.9612, (17,), 1.0),),
            cosine_mean=0.9934,
            cosine_min=0.9847,
            cosine_float_min=1.0,
            max_abs=0.036,
            snr_db=18.2,
            metric_pytorch=None,
            metric_int8=None,
        ),
        edge_cases=(
            EdgeCase("batch 3", ok=True, error=0.133),
            EdgeCase("sequence 512", ok=True, told="the original does not answer: IndexError: too long"),
        ),
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
        operator_times={"DynamicQuantizeMatMul": 0.7, "Attention": 0.285, "Add": 0.009, "Mul": 0.006},
        fused={"attention": 6},
        refused=(Refusal("projections", "node_3", "encoder.0", "the inputs differ: [a] and [b]"),),
        layers=(
            Layer("encoder.0.attention.query", "int8", "linear layer", 0.9998),
            Layer("", "float", "linear layer", None),
        ),
        trials=(
            TrialResult("dynamic-int8", "recipes/01-dynamic-int8.json", 0.994, 0.985, 3.1, 22.9, True, True),
            TrialResult("smoothed", "recipes/02-smoothed.json", 0.999, 0.998, 3.4, 22.9, True, False),
            TrialResult("rows", None, 0.993, 0.984, 3.6, 24.1, False, False),
        ),
        notes=("Int8 is not faster here: encoder.0.output is too small.",),
        devices=(device,),
        device="pi4",
        prices=(
            Price("cpu-on-pi4", "dynamic-int8", "pi4", 1, 3.2),
            Price("cpu-on-pi4", "dynamic-int8", "server", 2, 0.8),
        ),
        worst=(
            WorstSample(12, 0.175, (InputView(name="text", text="How far is the moon?"),), "3", "5"),
            WorstSample(
                7,
                0.141,
                (
                    InputView(name="image", text="8x8", picture="iVBORw0KGgo="),
                    InputView(name="sound", text="3", curves=((-1.0, 1.0, 0.0),)),
                ),
                "3",
                "3",
            ),
        ),
        parts=(ModulePart("embeddings.word", 2, 5.2), ModulePart("encoder.0.attention.query", 7, 17.4)),
        losses=(
            ModuleLoss("encoder.0.attention.query", 0.085, 0.092, 0.0, wrong=False),
            ModuleLoss("embeddings", 0.001, 0.001, 0.0, wrong=False),
        ),
        module_times={"embeddings.word": 0.2, "encoder.0.attention.query": 0.8},
        planted=(
            PlantedError("twice", ("cosine",), smallest=0.125),
            PlantedError("constant", (), ("embedding",)),
        ),
    )


@pytest.fixture
def two_ways(report: Report) -> Report:
    """The same of a bundle that kernels run: without them it takes 5.6 ms, and its worst cosine is 0.9731."""
    race = report.latency_ms
    assert race is not None
    slower = {**race.latencies, "int8": Latency(5.6, 6.6, 7.7, 384)}
    outputs = tuple(replace(output, r2=0.9645) for output in report.accuracy.outputs)
    without = OtherWay(
        name="without kernels",
        checks=report.checks,
        accuracy=replace(report.accuracy, outputs=outputs, cosine_mean=0.9821, cosine_min=0.9731),
        latency_ms=replace(race, latencies=slower),
    )
    return replace(report, other_ways=(without,))


@pytest.fixture(scope="session")
def source() -> ModuleSource:
    """The tiny model, as its user hands it over."""
    return handover.load(str(TINY))


@pytest.fixture(scope="session")
def samples(source: ModuleSource) -> SampleSplit:
    """The tiny model's samples."""
    return source.read().split()


@pytest.fixture(scope="session")
def captured(source: ModuleSource) -> Captured:
    """The tiny model as PyTorch exports it, which is most of an export's time."""
    return source.capture(source.read(), ORT_CPU)


@pytest.fixture(scope="session")
def watch() -> type[Watched]:
    return Watched


@pytest.fixture(scope="session")
def tokens_of() -> Callable[[Samples], set[Row]]:
    return rows_of


@pytest.fixture(scope="session")
def exported(source: ModuleSource, captured: Captured) -> tuple[Bundle, Watched]:
    """The tiny model's bundle, by the budget of its own file, and what was seen of its way."""
    request = Request.read("cpu", source.budget, SMALLEST, has_metric=True)

    def instant(_: object, given: Samples, *__: object) -> Captured:
        assert rows_of(given) == rows_of(source.read().split().calibration)
        return captured

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "capture", instant)
        watched = Watched(patch)
        return pipeline.run(source, request, watched), watched


@pytest.fixture(scope="session")
def bundle(exported: tuple[Bundle, Watched]) -> Bundle:
    return exported[0]


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
    monkeypatch.setattr(module, "capture", lambda *_: captured)


@pytest.fixture(scope="module")
def captured_once(captured: Captured) -> Iterator[None]:
    """Let all exports of a file share one capture, which is most of their time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "capture", lambda *_: captured)
        yield


@pytest.fixture
def instant_export(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hand back the session's bundle where a command would export for seconds."""
    monkeypatch.setattr(pipeline, "run", lambda *_: bundle)


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
