"""Schedulers and workers of Dask's, which are processes of their own; and the figures of one process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from distributed import Client

from edgeattn.bundle import Bundle
from edgeattn.judge.measures import SampleScore
from edgeattn.judge.validation import comparison_with
from edgeattn.measure.runners import runner_of_bundle
from edgeattn.partitions.cluster import connected
from edgeattn.partitions.scheduler import connect
from edgeattn.partitions.scoring import ScoringJob
from edgeattn.progress import Silent
from edgeattn.source import module
from edgeattn.source.module import ModuleSource
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_runtime.bundle.folder import BundleFiles, open_bundle

TINY = Path(__file__).parents[1] / "tiny.py"

SECONDS = 300.0  # in which a scheduler must be up, on a machine that is busy


@dataclass(frozen=True)
class Scheduler:
    """A scheduler with its address, and a client of it."""

    process: subprocess.Popen[bytes]
    address: str
    client: Client


@contextmanager
def _scheduler(
    folder: Path, protocol: str = "tcp", environment: Mapping[str, str] | None = None
) -> Iterator[Scheduler]:
    file = folder / "scheduler.json"
    options = ("--protocol", protocol, "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    command = (sys.executable, "-m", "dask", "scheduler", *options, "--scheduler-file", str(file))
    process = subprocess.Popen(command, env={**os.environ, **(environment or {})})
    try:
        end = time.monotonic() + SECONDS
        while (address := _address(file)) is None:
            assert time.monotonic() < end
            time.sleep(0.1)
        with connect(address) as client:
            yield Scheduler(process, address, client)
    finally:
        process.terminate()
        process.wait()


def _address(file: Path) -> str | None:
    """Read a scheduler's address from the file that it writes; None until that is written whole."""
    try:
        return str(json.loads(file.read_text())["address"])
    except (FileNotFoundError, json.JSONDecodeError):
        return None


@pytest.fixture(scope="session")
def new_scheduler() -> Callable[..., AbstractContextManager[Scheduler]]:
    """Starts a scheduler of a test's own, with a protocol and an environment."""
    return _scheduler


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[Scheduler]:
    """A scheduler of a test's own, to be broken."""
    with _scheduler(tmp_path) as scheduler:
        yield scheduler


@pytest.fixture(scope="module")
def files(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> BundleFiles:
    return open_bundle(bundle.save(tmp_path_factory.mktemp("partitions") / "tiny.edge"))


@pytest.fixture(scope="module")
def asked(files: BundleFiles, source: ModuleSource) -> ScoringJob:
    return ScoringJob.of(files, str(TINY), None, source, "cpu")


@pytest.fixture(scope="module")
def every(source: ModuleSource) -> Samples:
    """All samples of the tiny model, of lengths 3 to 14."""
    return source.read()


@pytest.fixture(scope="module")
def alone(files: BundleFiles, source: ModuleSource, every: Samples, captured: Captured) -> list[SampleScore]:
    """What one process makes of them, one after the other."""
    variant = files.manifest.variants[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "capture", lambda *_: captured)
        comparison, _ = comparison_with(files, source, variant, Silent())
    runners = comparison.runners(runner_of_bundle(files, variant, threads=1))
    return list(comparison.each(runners, every))


@pytest.fixture(scope="session")
def bits() -> Callable[[Iterable[SampleScore]], list[object]]:
    """Returns scores as bits, which two ways of scoring must share."""

    def of(score: SampleScore) -> object:
        parts = score.r2_parts.values()
        arrays = [
            a for it in parts for a in (it.moments.count, it.moments.mean, it.moments.squares, it.squares)
        ]
        return replace(score, r2_parts={}), [array.tobytes() for array in arrays]

    return lambda scores: list(map(of, scores))


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A client of one worker."""
    with connected(None, 1) as client:
        yield client
