"""Layers treated in the graph's order, each by what reaches it through the treated layers before it.

Frantar et al. 2022, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers",
section 4: a layer's input is what the layers before it make of it when they are quantized already. Beside it
goes the float graph, whose inputs say what the layer ought to answer. Embeddings are in their forms;
activations stay float, for rounding these moves an output far less than 4 bits of a weight do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import nodes_within
from edgeattn_export.quantize.calibration.walk import Walk, spans_of
from edgeattn_export.quantize.forms import FLOAT, Forms
from edgeattn_export.quantize.forms.form import Placed
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.match import Layer, matches_of
from edgeattn_export.quantize.layers.statistics import Reference, Statistics, statistics_of
from edgeattn_export.quantize.rewrites.write_linear import Prepared, write_linear

EMBEDDING = "embedding"  # the noun of the rewrites that are followed

Treat = Callable[[Layer, Statistics], Linear]


@dataclass(frozen=True, slots=True)
class OwnInputs:
    """What layers are treated in.

    Attributes:
        model: The float graph.
        samples: Real inputs.
        engine: What runs it.
        forms: Of the engine.
        layers: The graph's, in its order.
        histograms: Whether the statistics hold them.
    """

    model: ir.Model
    samples: Samples
    engine: Engine
    forms: Forms
    layers: Sequence[Layer]
    histograms: bool = False

    def treated(
        self, linears: Mapping[str, Linear], rewrites: Placed, treat: Mapping[str, Treat]
    ) -> dict[str, Linear]:
        """Treat layers one group after the other: those that read one value at once.

        Args:
            linears: Layers that are treated already, by name.
            rewrites: Of embeddings, each with the pattern of the modules that it is for.
            treat: By the name of each layer that is to be treated, what treats it.

        Returns:
            The layers of ``treat`` by name; those that share a weight are treated where it comes first.
        """
        places = _places(self.model)
        spans = spans_of(self.model, places)
        walk, own = (
            Walk(model, spans, self.engine, [dict(sample.inputs) for sample in self.samples])
            for model in (self.model, self._embedded(rewrites))
        )
        done, by_weight = dict(linears), dict[str, Linear]()
        for group in _groups(self.layers, places):
            place = min(places[layer.node] for layer in group)
            walk.go(place, lambda _: None)
            own.go(place, self._writing(done))
            wanted = [layer for layer in group if layer.name in treat]
            if any(layer.weight not in by_weight for layer in wanted):
                statistics = self._statistics(group[0], walk, own)
                for layer in wanted:
                    if layer.weight not in by_weight:
                        by_weight[layer.weight] = treat[layer.name](layer, statistics)
            done |= {layer.name: by_weight[layer.weight] for layer in wanted}
        return {name: done[name] for name in treat}

    def _embedded(self, rewrites: Placed) -> ir.Model:
        model = self.model.clone()
        for name, pattern in rewrites:
            apply(self.forms.rewrites[name], model, nodes_within(model, pattern).__contains__)
        return model

    def _writing(self, linears: Mapping[str, Linear]) -> Callable[[ir.Model], object]:
        """Return what writes layers into a stretch: float ones, of the numbers that are stored."""
        prepared = {
            layer.node: Prepared(FLOAT, linears[layer.name].as_float())
            for layer in self.layers
            if layer.name in linears
        }
        return partial(apply, write_linear(prepared))

    def _statistics(self, layer: Layer, walk: Walk, own: Walk) -> Statistics:
        """Return the statistics of a layer's own input, with the float graph's."""
        x, f = (
            np.concatenate([layer.layout.rows(value).reshape(-1, layer.width) for value in values])
            for values in (own.values(layer.x), walk.values(layer.x))
        )
        statistics = statistics_of(layer.x, x, grams=True, histograms=self.histograms)
        return replace(statistics, reference=Reference.of(x, f))


def _places(model: ir.Model) -> dict[str, int]:
    """Return the nodes' places by name, the sum with a layer's bias right behind its product."""
    biases = {
        name: adding.name or ""
        for name, match in matches_of(model).items()
        if (adding := match.output.producer()) is not None
    }
    sums = set(biases.values()) - set(biases)
    order: list[str] = []
    for name in (node.name or "" for node in model.graph):
        if name not in sums:
            order.append(name)
        if biases.get(name) in sums:
            order.append(biases[name])
    return {name: place for place, name in enumerate(order)}


def _groups(layers: Sequence[Layer], places: Mapping[str, int]) -> Iterator[list[Layer]]:
    """Yield the layers of one input together, where the first of them stands."""
    groups: dict[object, list[Layer]] = {}
    for layer in sorted(layers, key=lambda layer: places[layer.node]):
        groups.setdefault((layer.x, layer.layout), []).append(layer)
    yield from groups.values()
