"""A bundle beside its original and the float export, side by side in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeattn.measure.compiled import compiled as compiled_runner
from edgeattn.measure.latencies import COMPILED, Race
from edgeattn.measure.race import SECONDS, race
from edgeattn.measure.runners import runner_of_bundle, runners_of
from edgeattn.measure.shape import benchmark_inputs
from edgeattn.measure.threads import torch_threads
from edgeattn.progress import Progress
from edgeattn.source.original import Original, recapture
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_runtime.bundle import BundleFiles
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.graph import Graph
from edgeattn_runtime.manifest import Variant

if TYPE_CHECKING:
    from edgeattn.source.source import Source


@dataclass(frozen=True, slots=True)
class Beside:
    """What is compared: the original, captured anew, and a variant of the bundle that was made of it."""

    original: Original
    files: BundleFiles
    variant: Variant

    @classmethod
    def of(cls, source: Source, files: BundleFiles, variant: Variant, *, progress: Progress) -> Beside:
        """Capture the original; raises BundleError, BadInput as ``recapture`` does."""
        return cls(recapture(source, files, variant, progress=progress), files, variant)

    @property
    def graph(self) -> Graph:
        """The contract of the original."""
        return self.original.captured.graph

    def inputs(self, sizes: Mapping[str, int], *, heads: int) -> list[Inputs]:
        """Return the evaluation samples, or one of them cut and joined to sizes, see ``benchmark_inputs``."""
        real = [sample.inputs for sample in self.original.samples.evaluation]
        return list(benchmark_inputs(real, self.graph, self.original.captured.symbols, sizes, heads=heads))

    def races(
        self, points: Sequence[Sequence[Inputs]], *, threads: Sequence[int], compiled: bool
    ) -> tuple[list[Race], tuple[str, ...]]:
        """Time all at each point and number of threads.

        Args:
            points: Inputs of each, at least one.
            threads: Numbers of intra-op threads.
            compiled: Whether the original is timed by torch.compile too.

        Returns:
            For each point, and for each number of threads at it, the times; and what could not be timed.
        """
        extra, notes = self._compiled(points[0], threads[0]) if compiled else ({}, ())
        share = SECONDS / len(points) / len(threads)
        found = {}
        for count in threads:
            int8 = runner_of_bundle(self.files, self.variant, threads=count)
            runners = {**runners_of(self.original.captured, int8, threads=count), **extra}
            with torch_threads(count):
                for i, inputs in enumerate(points):
                    found[i, count] = race(runners, inputs, self.graph, threads=count, seconds=share)
        return [found[i, count] for i in range(len(points)) for count in threads], notes

    def _compiled(
        self, inputs: Sequence[Inputs], threads: int
    ) -> tuple[Mapping[str, Runner], tuple[str, ...]]:
        """Return the original by torch.compile, or why there is none.

        The number of threads becomes part of the code: another one later compiles it again.
        """
        with torch_threads(threads):
            try:
                return {
                    COMPILED: compiled_runner(self.original.captured.reference, stratified(inputs, 1)[0])
                }, ()
            except BadInput as error:
                return {}, (str(error),)
