"""A float graph with its samples, and its linear layers after their techniques: each is made once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

import onnx_ir as ir

from edgeattn_export.capture.trained_grids import FLOAT_TRAINED, Trained
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.graph.trials import masked_samples
from edgeattn_export.quantize.arithmetic.grid import INT8
from edgeattn_export.quantize.calibration.layer_statistics import LayerStatistics
from edgeattn_export.quantize.calibration.own_inputs import EMBEDDING, OwnInputs
from edgeattn_export.quantize.calibration.rounded_layers import Key, OwnKey, RoundedLayers
from edgeattn_export.quantize.forms import Forms
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.match import Layer, Match, find_layers, floats, matches_of
from edgeattn_export.quantize.layers.ranges import covering_inputs
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.qat import TrainedGrid, TrainedLayers
from edgeattn_export.quantize.recipes.recipe import Treatment
from edgeattn_export.quantize.techniques import TECHNIQUES
from edgeattn_runtime.errors import QuantizeError


@dataclass(slots=True)
class Calibration:
    """Layers, and how each looks after techniques; statistics are gathered when one first asks for them.

    Attributes:
        model: The float graph; never changed.
        samples: Real inputs that calibrate.
        engine: What runs the graph, and all that are made of it.
        forms: The forms that this engine computes.
        boundary: Inputs at the ends of the contract, which show how far values reach besides.
        trained: The layers that have a grid since training; they keep it in every form that has its steps.
        like: Of a graph with the same layers, whose numbers these take; None where they have their own.
        layers: The graph's linear layers, in its order.
        trained_layers: Which of them have such a grid, and whether they keep it.
    """

    model: ir.Model
    samples: Samples
    engine: Engine
    forms: Forms
    boundary: tuple[Inputs, ...] = ()
    trained: Trained = FLOAT_TRAINED
    like: Calibration | None = None
    layers: tuple[Layer, ...] = field(init=False)
    trained_layers: TrainedLayers = field(init=False)
    _matches: dict[str, Match] = field(init=False)
    _statistics: LayerStatistics = field(init=False)
    _rounded: RoundedLayers = field(default_factory=RoundedLayers, init=False)
    _covering: tuple[Inputs, ...] = ()

    def __post_init__(self) -> None:
        """Find the layers that get a form."""
        layouts, floats = self.forms.layouts, self.forms.floats(self.model)
        self.layers = tuple(
            each
            for each in find_layers(self.model)
            if isinstance(each.layout, layouts) and each.output not in floats
        )
        self._matches = matches_of(self.model)
        self.trained_layers = TrainedLayers(self.trained, self.layers, self._matches)
        self._statistics = LayerStatistics(self.model, self.layers, self.samples, self.engine)

    def linears(
        self, treatments: Iterable[tuple[Layer, Treatment]], rewrites: Iterable[tuple[str, str]] = ()
    ) -> dict[str, Linear]:
        """Return layers after their techniques, by the layers' names.

        Layers that share a weight share its statistics too, so that their weight stays one.

        Args:
            treatments: Layers, and what is done to them; none of them "float".
            rewrites: Of what is no layer, each with the pattern of its modules: layers that are treated by
                their own inputs depend on those of embeddings.

        Raises:
            QuantizeError: A layer's weights are not finite.
        """
        if self.like is not None:
            by_name = {layer.name: layer for layer in self.like.layers}
            return self.like.linears(((by_name[layer.name], how) for layer, how in treatments), rewrites)
        treated = dict(treatments)
        embeddings = tuple(each for each in rewrites if self.forms.rewrites[each[0]].noun == EMBEDDING)
        fitted = self._fitted([layer for layer in self.layers if layer in treated], embeddings)
        keys = {layer: self._key(layer, treated[layer], layer in fitted) for layer in treated}
        linears = self._by_float_inputs({layer: key for layer, key in keys.items() if not key.by_own_inputs})
        return linears | self._by_own_inputs(keys, linears, embeddings)

    def _fitted(self, treated: Sequence[Layer], embeddings: Sequence[object]) -> set[Layer]:
        """Return the layers with inputs of their own: one each, and another than the float graph's.

        A weight that meets several inputs is fitted to none of them; before the first layer nothing differs.
        """
        inputs_of: dict[str, set[str]] = {}
        for layer in self.layers:
            inputs_of.setdefault(layer.weight, set()).add(layer.x)
        first = {layer.x for layer in treated[:1]} if not embeddings else set()
        return {each for each in treated if len(inputs_of[each.weight]) == 1 and each.x not in first}

    def _key(self, layer: Layer, treatment: Treatment, is_fitted: bool) -> Key:
        form = self.forms.linear[treatment.form]
        is_fitted = is_fitted and not self.trained_layers.take_steps(layer, form)
        kept = (each for each in treatment.techniques if is_fitted or not TECHNIQUES[each[0]].by_own_inputs)
        facts = (form.grid, form.paired, form.calibrated, form.input_steps)
        return Key(layer.weight, layer.bias, *facts, tuple(kept))

    def _by_float_inputs(self, keys: Mapping[Layer, Key]) -> dict[str, Linear]:
        linears = {key: linear for key in keys.values() if (linear := self._rounded.get(key)) is not None}
        missing = {key: layer for layer, key in keys.items() if key not in linears}
        by_gram = {key: layer for key, layer in missing.items() if key.by_gram}
        histograms = any(key.by_histogram for key in missing)
        grams = self._statistics.has_all_grams and bool(
            by_gram
        )  # of all layers in the one pass that others need too
        for key, layer in missing.items():
            if key not in by_gram:
                needed = key.techniques or key.calibrated
                statistics = self._statistics.by_weight(grams=grams, histograms=histograms) if needed else {}
                linears[key] = self._treated(layer, key, statistics.get(layer.weight))
        for batch in self._statistics.with_grams(by_gram.values(), histograms=histograms):
            linears |= {
                key: self._treated(layer, key, batch[layer.weight])
                for key, layer in by_gram.items()
                if layer.weight in batch
            }
        self._rounded.keep((key, linears[key]) for key in by_gram)
        return {layer.name: linears[key] for layer, key in keys.items()}

    def _by_own_inputs(
        self, keys: Mapping[Layer, Key], linears: Mapping[str, Linear], rewrites: tuple[tuple[str, str], ...]
    ) -> dict[str, Linear]:
        """Return the layers that are treated by their own inputs.

        Args:
            keys: Of all layers that are treated.
            linears: Those of them that are treated by the float graph's inputs.
            rewrites: Of embeddings, as for ``linears``.
        """
        own = {
            layer.name: OwnKey(key, self._before(layer, keys), rewrites)
            for layer, key in keys.items()
            if key.by_own_inputs
        }
        kept = {name: self._rounded.get(key) for name, key in own.items()}
        linears_of = {name: linear for name, linear in kept.items() if linear is not None}
        if len(linears_of) == len(own):
            return linears_of
        histograms = any(own[name].key.by_histogram for name in own.keys() - linears_of.keys())
        order = OwnInputs(self.model, self.samples, self.engine, self.forms, self.layers, histograms)
        treat = {name: partial(self._treated_once, key) for name, key in own.items()}
        made = order.treated(linears, rewrites, treat)
        self._rounded.keep((own[name], linear) for name, linear in made.items())
        return made

    def _before(self, layer: Layer, keys: Mapping[Layer, Key]) -> tuple[tuple[Layer, Key], ...]:
        before = self.layers[: self.layers.index(layer)]
        return tuple((each, keys[each]) for each in before if each in keys)

    def _treated_once(self, key: OwnKey, layer: Layer, statistics: Statistics) -> Linear:
        return self._rounded.get(key) or self._treated(layer, key.key, statistics)

    def covering_inputs(self) -> tuple[Inputs, ...]:
        """Return the few inputs, real, masked and at the boundary, that cover the ranges of all values."""
        if not self._covering:
            inputs = chain(masked_samples(self.samples), self.boundary)
            self._covering = covering_inputs(self.model, inputs, self.engine)
        return self._covering

    def rows(self, layer: Layer) -> float:
        """Return how many rows of channels a layer multiplies for a sample, in the mean."""
        return self._statistics.by_weight()[layer.weight].rows / len(self.samples)

    def _treated(self, layer: Layer, key: Key, statistics: Statistics | None) -> Linear:
        match = self._matches[layer.node]
        bias = None if match.bias is None else floats(match.bias)
        grid = TrainedGrid.of(key.grid) if self.trained_layers.is_trained(layer) else key.grid
        linear = Linear(match.array, bias, grid, key.paired, input_steps=key.input_steps)
        try:
            INT8.scale_of(linear.weight)  # refuses what is not finite before a technique reads it
            if statistics is not None:
                for name, number in key.techniques:
                    linear = TECHNIQUES[name](linear, statistics, number)
            if statistics is not None and key.calibrated:
                linear = self.trained_layers.with_reach(layer, linear).reaching(statistics)
            return linear.settled()
        except ValueError as error:
            raise QuantizeError(
                f"layer {layer.module!r}: its weight {error}; expected finite numbers; check its training"
            ) from error
