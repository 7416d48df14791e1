"""Several workers, one of which dies: the figures of one process, bit for bit."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from distributed import Client

from edgeattn.judge.measures import SampleScore
from edgeattn.partitions.scoring import PARTITIONS_AHEAD, ScoringJob, scores_in_order
from edgeattn.results.report import Report
from edgeattn_export.graph.samples import Sample, Samples

pytestmark = pytest.mark.usefixtures("dask_collected")

TINY = Path(__file__).parents[2] / "tiny.py"


def test_workers_and_partitions_change_no_bit(
    asked: ScoringJob, every: Samples, alone: list[SampleScore], bits: Callable[..., object], client: Client
) -> None:
    for workers, count in ((1, 7), (2, 5), (3, 1)):
        client.cluster.scale(workers)
        client.wait_for_workers(workers)
        found = scores_in_order(client, asked, every, count)
        assert bits(found) == bits(alone)


def test_the_command_says_the_same_as_the_export(
    folder: Path, ran: Callable[..., str], instant_capture: None
) -> None:
    written = Report.from_json((folder / "report.json").read_text())
    report = Report.from_json(ran("validate", folder, TINY, "--workers", "2", "--json"))
    assert report.accuracy == written.accuracy
    assert [check.measured for check in report.checks] == [check.measured for check in written.checks]


def test_a_worker_that_dies_loses_nothing_and_a_stream_is_read_no_faster_than_it_is_compared(
    asked: ScoringJob, every: Samples, alone: list[SampleScore], bits: Callable[..., object], client: Client
) -> None:
    ahead = len(client.scheduler_info(n_workers=-1)["workers"]) * PARTITIONS_AHEAD * 3
    stream = _Stream(every)
    scores = scores_in_order(client, asked, stream, 3)
    found = [next(scores)]
    os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
    for score in scores:
        found.append(score)
        assert stream.drawn - len(found) <= ahead
    assert bits(found) == bits(alone)


class _Stream:
    """Samples, and how many were drawn."""

    def __init__(self, samples: Samples) -> None:
        self._samples, self.drawn = samples, 0

    def __iter__(self) -> Iterator[Sample]:
        for sample in self._samples:
            self.drawn += 1
            yield sample
