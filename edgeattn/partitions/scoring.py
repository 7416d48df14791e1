"""Samples scored on workers, which open bundle and model once; scores come in the samples' order."""

from __future__ import annotations

import hashlib
import sys
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from distributed import Client, Future, KilledWorker

from edgeattn.judge.comparison import Comparison
from edgeattn.judge.evaluation import Scoring, Subject
from edgeattn.judge.measures import SampleScore
from edgeattn.judge.validation import comparison_with
from edgeattn.measure.runners import THREADS, runner_of_bundle
from edgeattn.measure.variants import measurable
from edgeattn.partitions.cluster import first_ended, hosts
from edgeattn.partitions.partition import MOST_SAMPLES, cut, pack, unpack
from edgeattn.partitions.scheduler import HOST
from edgeattn.progress import Silent
from edgeattn.source.arguments import read_source
from edgeattn.source.source import Source
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Sample
from edgeattn_runtime.bundle.folder import BundleFiles, open_bundle
from edgeattn_runtime.errors import BadInput, StageError

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
        samples: The .npz file of an ONNX file; None for other models.
        source: The original, loaded here.
    """

    def scores(subject: Subject, evaluated: Iterable[Sample]) -> Iterator[SampleScore]:
        job = ScoringJob.of(files, model, samples, source, subject.target)
        return scores_in_order(client, job, evaluated)

    return scores


@dataclass(frozen=True, slots=True)
class ScoringJob:
    """Which bundle is compared with which model; both are read at the same paths by every worker.

    Attributes:
        bundle: Its folder.
        model: As the command line names it.
        samples: The .npz file of an ONNX file; None for other models.
        target: Which of the bundle's targets.
        hashes: Of the manifest, the model's file and its weights, which a worker must find too.
        kernels: As ``edgeattn_runtime.load`` has it.
    """

    bundle: str
    model: str
    samples: str | None
    target: str
    hashes: tuple[str | None, ...]
    kernels: bool

    @classmethod
    def of(
        cls, files: BundleFiles, model: str, samples: Path | None, source: Source, target: str
    ) -> ScoringJob:
        """Ask for a target of a bundle that is open here, compared with a model that is loaded here."""
        there = Path(model).resolve() if Path(model).exists() else model
        npz = None if samples is None else str(samples.resolve())
        folder = str(files.folder.resolve())
        return cls(folder, str(there), npz, target, _hashes(files, source), files.kernels)


def score_partition(job: ScoringJob, partition: bytes) -> tuple[SampleScore, ...]:
    """Return how near int8 comes to the original on each sample of a packed partition.

    Raises:
        BadInput: The bundle or the model here is another than the one that is job for.
        ModelError: The module or the metric fails on a sample.
    """
    with redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        comparison, runners = _opened(job)
        return tuple(comparison.each(runners, unpack(partition)))


@lru_cache(maxsize=1)
def _opened(job: ScoringJob) -> tuple[Comparison, Mapping[str, Runner]]:
    files = open_bundle(Path(job.bundle), kernels=job.kernels)
    source = read_source(job.model, None if job.samples is None else Path(job.samples))
    if _hashes(files, source) != job.hashes:
        raise BadInput(
            f"{job.bundle} and {job.model} on a worker are not those on this machine; share the "
            "folder, or copy both there"
        )
    variant = next(each for each in measurable(files.manifest) if each.target == job.target)
    comparison, _ = comparison_with(files, source, variant, Silent())
    return comparison, comparison.runners(runner_of_bundle(files, variant, threads=THREADS))


def _hashes(files: BundleFiles, source: Source) -> tuple[str | None, ...]:
    manifest = hashlib.sha256(files.manifest.to_json().encode()).hexdigest()
    return manifest, source.sha256, source.weights_sha256
