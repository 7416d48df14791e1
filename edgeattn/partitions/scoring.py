"""Samples compared on workers, in the place of one process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from distributed import Client

from edgeattn.judge.comparison import Comparison
from edgeattn.judge.sample_score import SampleScore
from edgeattn.partitions.cut import SAMPLES
from edgeattn.partitions.in_order import in_order
from edgeattn.partitions.on_worker import Asked
from edgeattn.source.source import Source
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Sample
from edgeattn_runtime.bundle import BundleFiles
from edgeattn_runtime.manifest import Variant


@dataclass(frozen=True, slots=True)
class OnWorkers:
    """A ``Scoring`` that hands partitions to workers.

    Attributes:
        client: Of workers that declare the resource ``HOST``.
        files: The bundle.
        model: Its original, as the command line names it.
        samples: An .npz file beside an ONNX file; None beside the others.
        source: The original, loaded here.
        count: Samples in a partition, at most.
    """

    client: Client
    files: BundleFiles
    model: str
    samples: Path | None
    source: Source
    count: int = SAMPLES

    def __call__(
        self, _: Comparison, __: Runner, variant: Variant, samples: Iterable[Sample]
    ) -> Iterator[SampleScore]:
        """Yield the score of each sample, in their order; raises as ``in_order`` does."""
        asked = Asked.of(self.files, self.model, self.samples, self.source, variant.target)
        return in_order(self.client, asked, samples, self.count)
