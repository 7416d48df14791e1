"""Partitions on a worker, a real process: the figures of one process, bit for bit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from distributed import Client

from edgeattn.judge.measures import SampleScore
from edgeattn.partitions.partition import cut
from edgeattn.partitions.scoring import ScoringJob, scores_in_order
from edgeattn.results.report import Report
from edgeattn.source import handover, module
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_runtime.errors import BadInput, ModelError

pytestmark = pytest.mark.usefixtures("dask_collected")

TINY = Path(__file__).parents[1] / "tiny.py"


@pytest.mark.parametrize("count", [7, 1])
def test_partitions_change_no_bit(
    count: int,
    asked: ScoringJob,
    every: Samples,
    alone: list[SampleScore],
    bits: Callable[..., object],
    client: Client,
) -> None:
    found = list(scores_in_order(client, asked, every, count))
    assert bits(found) == bits(alone)


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
    folder: Path, ran: Callable[..., str], monkeypatch: pytest.MonkeyPatch, instant_capture: None
) -> None:
    monkeypatch.setattr(handover, "LIMIT", 40)
    monkeypatch.setattr(module, "LIMIT", 40)
    report = Report.from_json(ran("validate", folder, TINY, "--all", "--json"))
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
