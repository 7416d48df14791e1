"""Samples scored on workers: partitions side by side, and the scores in the order of the samples."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from distributed import Client, Future, KilledWorker

from edgeattn.judge.evaluation import Scoring, Subject
from edgeattn.judge.measures import SampleScore
from edgeattn.partitions.cluster import first_ended, hosts
from edgeattn.partitions.partition import MOST_SAMPLES, cut, pack
from edgeattn.partitions.scheduler import HOST
from edgeattn.partitions.worker import ScoringJob, score_partition
from edgeattn.source.source import Source
from edgeattn_export.graph.samples import Sample
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.errors import StageError

PARTITIONS_AHEAD = 3  # partitions for each worker, that are read and not yet compared: what bounds the memory

Scores = tuple[SampleScore, ...]


def scores_in_order(
    client: Client, job: ScoringJob, samples: Iterable[Sample], count: int = MOST_SAMPLES
) -> Iterator[SampleScore]:
    """Yield the score of each sample, in their order, whichever worker compares it.

    A partition whose worker dies is given to another one.

    Args:
        client: Of workers that declare the resource ``HOST``.
        job: Which bundle is compared with which model.
        samples: Real ones; a stream is read no faster than it is compared.
        count: How many a partition has at most.

    Raises:
        ModelError: The module or the metric fails on a sample.
        BadInput: A worker does not have the same bundle or model.
        StageError: Workers end again and again while they compare.
        EdgeAttnError: No worker is left, or the scheduler was lost.
    """
    waiting: deque[Future[Scores]] = deque()
    most = PARTITIONS_AHEAD * max(1, hosts(client))
    for partition in cut(samples, count):
        content = pack(partition)
        waiting.append(client.submit(score_partition, job, content, pure=False, resources={HOST: 1}))
        if len(waiting) >= most:
            yield from _scores(client, waiting.popleft())
    while waiting:
        yield from _scores(client, waiting.popleft())


def _scores(client: Client, future: Future[Scores]) -> Scores:
    try:
        return first_ended(client, [future]).result()
    except KilledWorker as error:
        raise StageError(
            "a partition's worker ended again and again, as where memory runs out; take fewer workers, or a "
            "larger machine"
        ) from error


def scoring_on(
    client: Client, files: BundleFiles, model: str, samples: Path | None, source: Source
) -> Scoring:
    """Return what hands partitions to workers; it raises as ``scores_in_order`` does.

    Args:
        client: Of workers that declare the resource ``HOST``.
        files: The bundle.
        model: Its original, as the command line names it.
        samples: An .npz file beside an ONNX file; None beside the others.
        source: The original, loaded here.
    """

    def scores(subject: Subject, evaluated: Iterable[Sample]) -> Iterator[SampleScore]:
        job = ScoringJob.of(files, model, samples, source, subject.target)
        return scores_in_order(client, job, evaluated)

    return scores
