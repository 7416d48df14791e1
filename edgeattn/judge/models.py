"""A model before its targets part, captured and understood; and what it is for one of them, made int8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import onnx_ir as ir

from edgeattn.judge.comparison import Comparison
from edgeattn.judge.evaluation import Subject
from edgeattn.judge.independence import ProvenRows
from edgeattn.judge.request import Request
from edgeattn.measure.runners import THREADS, runner_of_buckets
from edgeattn.results.trial import TrialResult
from edgeattn.source.source import Source
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Inputs, Samples, SampleSplit
from edgeattn_export.graph.shapes import sizes_of
from edgeattn_export.graph.ways import WAYS, Way
from edgeattn_export.incremental import Cached
from edgeattn_export.lower.fixed import Sizes
from edgeattn_export.quantize.graphs import Graphs
from edgeattn_export.recover import Recovered
from edgeattn_export.search import SearchResult
from edgeattn_export.targets import Bucket, LoweredGraphs
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH

REHEARSED_SAMPLES = 8  # samples that a decoder is taken through


@dataclass(frozen=True, slots=True)
class FloatModel:
    """A model, captured and understood.

    Attributes:
        size_mb: Of its weights, 1 MB = 10^6 bytes.
        weights_sha256: Of the same, where they are no part of its file.
        cached: Its graph, or its step form.
        rows: What is proven of its rows: nothing of a decoder's, which takes steps.
        notes: What its samples give away, a line each.
    """

    source: Source
    size_mb: float
    weights_sha256: str | None
    captured: Captured
    recovered: Recovered
    cached: Cached
    rows: ProvenRows
    samples: SampleSplit
    comparison: Comparison
    notes: tuple[str, ...] = ()

    @property
    def choosing_sizes(self) -> list[Sizes]:
        """The sizes of the samples that choose, by symbol: those that evaluate have no say."""
        samples = (*self.samples.calibration, *self.samples.selection)
        return [sizes_of(sample.inputs, self.captured.axes) for sample in samples]


@dataclass(frozen=True, slots=True)
class Choice:
    """The graphs to evaluate and to pack.

    Attributes:
        selection: The selection samples as their main graph sees them.
        trials: What the search tried, as a report has it.
        recipes: By their files in the bundle, the recipes of the front, and the chosen one.
        binding: What no recipe met on the selection samples, in words.
    """

    int8: Graphs
    selection: Sequence[Inputs]
    search: SearchResult
    trials: tuple[TrialResult, ...]
    recipes: Mapping[str, bytes]
    notes: tuple[str, ...]
    binding: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Int8Model:
    """The graphs for a target, and all that they were made of.

    Attributes:
        lowered: Its float graphs as the target is fast at them.
        buckets: The same in the sizes that the target fixes.
    """

    request: Request
    float_model: FloatModel
    lowered: LoweredGraphs
    choice: Choice
    buckets: Sequence[Bucket]

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways in which it runs where it is measured, the one that its figures are of first."""
        # A device without kernels is not judged by those of this machine.
        return self.choice.int8.ways if self.request.machine.kernels is not None else WAYS[-1:]

    def run_by(self, way: Way) -> Int8Model:
        """Return the same as it runs in a way."""
        choice = replace(self.choice, int8=self.choice.int8.run_by(way))
        buckets = [replace(each, parts=each.parts.run_by(way)) for each in self.buckets]
        return replace(self, choice=choice, buckets=buckets)

    @property
    def main(self) -> ir.Model:
        """The int8 graph that an app calls; of a decoder, the one that takes a step."""
        return self.choice.int8.graphs[MAIN_GRAPH].quantized.model

    def main_inputs(self, samples: Samples) -> list[Inputs]:
        """Return what samples feed to that graph; of a decoder, what its calls take for a few of them."""
        graphs = self.lowered.graphs
        if graphs.generation is not None:
            samples = samples[:REHEARSED_SAMPLES]
        calls = graphs.samples(samples, self.request.target.prover)[MAIN_GRAPH]
        return [call.inputs for call in calls]

    def subject(self) -> Subject:
        """Open the graphs, to be evaluated against their original."""
        device, rows = self.request.target.device, self.float_model.rows.rows
        return Subject(
            comparison=self.float_model.comparison,
            int8=runner_of_buckets(self.run_by(self.ways[0]).buckets, rows, device, threads=THREADS),
            target=self.request.target.name,
            emulated=device.host.emulated,
            samples=self.float_model.samples,
            rows=rows,
            generation=self.choice.int8.generation,
            sizes=self.buckets[0].sizes,
        )
