from __future__ import annotations

import asyncio
import builtins
import gc
import math
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from edgeattn import pipeline
from edgeattn.__main__ import main
from edgeattn.bundle import Bundle
from edgeattn.commands import terminal
from edgeattn.judge.request import Objective, Request
from edgeattn.measure import benchmark, isolated, race
from edgeattn.results.report import Report
from edgeattn.source import handover, module
from edgeattn.source.module import ModuleSource
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples, SampleSplit
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.timing.benchmark import DeviceBenchmark
from edgeattn_runtime.timing.machine import Machine

# The folder is no package: its modules are found as those of a script beside them.
sys.path.insert(0, str(Path(__file__).parent / "fixtures"))
import example_report
from watched import Row, Watched, rows_of

TINY = Path(__file__).with_name("tiny.py")

# Where Dask gives up a connection in the turn of its loop in which it is made, nothing closes the socket.
# Tornado keeps it with the loop that has ended, until there is another; then Python says so when it is
# collected as garbage, in whichever test runs by then.
LOST_BY_DASK = "ignore:unclosed <socket:ResourceWarning"

SMALLEST = Objective("size")  # of so small a model the fastest forms differ from run to run


@pytest.fixture(scope="session", autouse=True)
def _no_log_lines() -> Iterator[None]:
    """Leave progress out of stderr, however long a command takes on a machine that is busy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terminal, "PAUSE", math.inf)
        yield


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
    return example_report.MACHINE


@pytest.fixture(scope="session")
def device() -> DeviceBenchmark:
    """What it measured of a bundle of two golden samples."""
    return example_report.DEVICE


@pytest.fixture(scope="session")
def report() -> Report:
    """A report with something in every field."""
    return example_report.REPORT


@pytest.fixture
def two_ways(report: Report) -> Report:
    """The same of a bundle that runs with kernels and without."""
    return example_report.two_ways(report)


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
def quick_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bench and validate with few rounds, in one process, and weigh nothing."""
    monkeypatch.setattr(race, "MOST_ROUNDS", 60)
    monkeypatch.setattr(isolated, "PROCESSES", 1)
    monkeypatch.setattr(benchmark, "memory_mb", lambda bundle, threads, kernels: 51.5)


@pytest.fixture
def uninstalled(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets every import of a package fail, as where it is not installed."""

    def block(package: str) -> None:
        actual = builtins.__import__

        def missing(name: str, *rest: Any) -> Any:
            if name.partition(".")[0] == package:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            return actual(name, *rest)

        monkeypatch.setattr(builtins, "__import__", missing)

    return block


@pytest.fixture
def ran(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must end with a code, and return what it prints on stdout."""

    def run(*arguments: object, code: int = 0) -> str:
        capsys.readouterr()  # what was printed before is no part of it
        assert main([str(argument) for argument in arguments]) == code
        return capsys.readouterr().out

    return run


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must fail with one line on stderr and nothing on stdout; return the line."""

    def run(*arguments: object, code: int = 2) -> str:
        capsys.readouterr()
        assert main([str(argument) for argument in arguments]) == code
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith("edgeattn: ")
        assert printed.err.count("\n") == 1
        return printed.err

    return run
