"""Statistics of all inputs that meet a layer's weight, gathered when one first asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import onnx_ir as ir

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Samples
from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.quantize.layers.statistics import Statistics, calibrate, passes


@dataclass(slots=True)
class LayerStatistics:
    """Statistics by the layers' weights: layers that share one share its statistics too.

    Attributes:
        model: The float graph; never changed.
        layers: Its linear layers.
        samples: Real inputs that calibrate.
        engine: What runs the graph.
    """

    model: ir.Model
    layers: Sequence[Layer]
    samples: Samples
    engine: Engine
    _all: dict[str, Statistics] = field(default_factory=dict, init=False)

    @property
    def has_all_grams(self) -> bool:
        """Whether one pass over the samples holds the Gram matrices of all layers."""
        return len(list(passes({each.weight: each.width for each in self.layers}))) == 1

    def by_weight(self, *, grams: bool = False, histograms: bool = False) -> Mapping[str, Statistics]:
        """Return the statistics of all layers, gathered once; what the first pass did without takes another.

        Args:
            grams: Whether Gram matrices are needed too.
            histograms: Whether histograms are.
        """
        gathered = self._all.values()
        grams = grams or any(each.gram is not None for each in gathered)
        histograms = histograms or any(each.histogram is not None for each in gathered)
        lacks_grams = grams and any(each.gram is None for each in gathered)
        lacks_histograms = histograms and any(each.histogram is None for each in gathered)
        if not self._all or lacks_grams or lacks_histograms:
            every = {each.weight for each in self.layers}
            self._all = self._gathered(every, grams=grams, histograms=histograms)
        return self._all

    def with_grams(
        self, layers: Iterable[Layer], *, histograms: bool = False
    ) -> Iterator[Mapping[str, Statistics]]:
        """Yield the statistics of layers with Gram matrices, those that memory holds at a time."""
        for batch in passes({layer.weight: layer.width for layer in layers}):
            if self.has_all_grams:
                every = self.by_weight(grams=True, histograms=histograms)
                yield {weight: every[weight] for weight in batch}
            else:
                yield self._gathered(batch, grams=True, histograms=histograms)

    def _gathered(self, weights: Iterable[str], *, grams: bool, histograms: bool) -> dict[str, Statistics]:
        wanted = set(weights)
        layers = [layer for layer in self.layers if layer.weight in wanted]
        inputs = [(layer.x, layer.layout) for layer in layers]
        by_input = calibrate(
            self.model, inputs, self.samples, self.engine, grams=grams, histograms=histograms
        )
        joined: dict[str, Statistics] = {}
        for layer in layers:
            statistics = by_input[layer.x, layer.layout]
            earlier = joined.get(layer.weight)
            joined[layer.weight] = statistics if earlier is None else earlier.joined(statistics)
        return joined
