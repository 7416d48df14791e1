"""Partitions on workers, real processes: the figures of one process, bit for bit."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from distributed import Client

from edgeattn.__main__ import main
from edgeattn.bundle import Bundle
from edgeattn.judge.measures import SampleScore
from edgeattn.judge.validation import comparison_with
from edgeattn.measure.runners import runner_of_bundle
from edgeattn.partitions.cluster import connected
from edgeattn.partitions.partition import cut
from edgeattn.partitions.scoring import PARTITIONS_AHEAD, scores_in_order
from edgeattn.partitions.worker import ScoringJob
from edgeattn.progress import Silent
from edgeattn.results.report import Report
from edgeattn.source import handover, module
from edgeattn.source.module import ModuleSource
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_runtime.bundle import BundleFiles, open_bundle
from edgeattn_runtime.errors import BadInput, ModelError

pytestmark = pytest.mark.usefixtures("dask_collected")

TINY = Path(__file__).parents[1] / "tiny.py"


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


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with connected(None, 1) as client:
        yield client


def test_workers_and_partitions_change_no_bit(
    asked: ScoringJob, every: Samples, alone: list[SampleScore], client: Client
) -> None:
    for workers, count in ((1, 7), (2, 5), (3, 1)):
        client.cluster.scale(workers)
        client.wait_for_workers(workers)
        assert list(scores_in_order(client, asked, every, count)) == alone


def test_the_command_says_the_same_as_the_export(
    folder: Path, capsys: pytest.CaptureFixture[str], instant_capture: None
) -> None:
    written = Report.from_json((folder / "report.json").read_text())
    assert main(["validate", str(folder), str(TINY), "--workers", "2", "--json"]) == 0
    report = Report.from_json(capsys.readouterr().out)
    assert report.accuracy == written.accuracy
    assert [check.measured for check in report.checks] == [check.measured for check in written.checks]


def test_a_worker_that_dies_loses_nothing_and_a_stream_is_read_no_faster_than_it_is_compared(
    asked: ScoringJob, every: Samples, alone: list[SampleScore], client: Client
) -> None:
    ahead = len(client.scheduler_info(n_workers=-1)["workers"]) * PARTITIONS_AHEAD * 3
    stream = _Stream(every)
    scores = scores_in_order(client, asked, stream, 3)
    found = [next(scores)]
    os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
    for score in scores:
        found.append(score)
        assert stream.drawn - len(found) <= ahead
    assert found == alone


def test_what_the_users_metric_raises_on_a_worker_is_told(
    asked: ScoringJob, every: Samples, client: Client
) -> None:
    wrong = Sample(every[0].inputs, target="no tensor", number=17)
    with pytest.raises(ModelError, match=r"sample 17: metric\(outputs, target\)"):
        list(scores_in_order(client, asked, [wrong]))


def test_another_model_on_a_worker_is_refused(asked: ScoringJob, every: Samples, client: Client) -> None:
    other = replace(asked, hashes=(asked.hashes[0], "0" * 64, None))
    with pytest.raises(BadInput, match=re.escape(other.bundle)):
        list(scores_in_order(client, other, every))


def test_samples_beyond_those_of_the_export_evaluate_too(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    instant_capture: None,
) -> None:
    monkeypatch.setattr(handover, "LIMIT", 40)
    monkeypatch.setattr(module, "LIMIT", 40)
    assert main(["validate", str(folder), str(TINY), "--all", "--json"]) == 0
    report = Report.from_json(capsys.readouterr().out)
    assert report.samples.evaluation == 20 + 8  # half of 40, and all that follow them


@pytest.mark.parametrize(("count", "sizes"), [(2, [2, 2, 1]), (64, [5])])
def test_partitions_keep_the_order(count: int, sizes: list[int]) -> None:
    samples = [Sample({"x": np.zeros(2)}, number=i) for i in range(5)]
    parts = list(cut(samples, count))
    assert [len(part) for part in parts] == sizes
    assert [sample.number for part in parts for sample in part] == [0, 1, 2, 3, 4]


def test_large_samples_make_small_partitions() -> None:
    samples = [Sample({"x": np.zeros(3 * 2**18)}) for _ in range(3)]  # 6 MiB each
    assert [len(part) for part in cut(samples)] == [1, 1, 1]


class _Stream:
    """Samples, and how many were drawn."""

    def __init__(self, samples: Samples) -> None:
        self._samples, self.drawn = samples, 0

    def __iter__(self) -> Iterator[Sample]:
        for sample in self._samples:
            self.drawn += 1
            yield sample
