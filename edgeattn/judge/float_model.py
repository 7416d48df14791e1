"""A model before anything is made of it for a target: what all targets share."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn.judge.comparison import Comparison
from edgeattn.judge.independence import ProvenRows
from edgeattn.source.source import Source
from edgeattn_export.cache import Cached
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import SampleSplit
from edgeattn_export.graph.shapes import sizes_of
from edgeattn_export.lower.fixed import Sizes
from edgeattn_export.recover import Recovered


@dataclass(frozen=True, slots=True)
class FloatModel:
    """A model, captured and understood.

    Attributes:
        source: As it was handed over.
        captured: The float export.
        recovered: Its meaning.
        cached: Its graph, or its step form.
        rows: What is proven of its rows: nothing of a decoder's, which takes steps.
        samples: Their split.
        comparison: With the original.
    """

    source: Source
    captured: Captured
    recovered: Recovered
    cached: Cached
    rows: ProvenRows
    samples: SampleSplit
    comparison: Comparison

    @property
    def choosing_sizes(self) -> list[Sizes]:
        """The sizes of the samples that choose, by symbol: those that evaluate have no say."""
        samples = (*self.samples.calibration, *self.samples.selection)
        return [sizes_of(sample.inputs, self.captured.axes) for sample in samples]
