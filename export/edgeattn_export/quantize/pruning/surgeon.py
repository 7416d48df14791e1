"""Which heads and neurons a graph can do without, and the graph without them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.rule import Refusal
from edgeattn_export.quantize.layers.match import Layer, floats, matches_of
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.pruning.narrowed import narrow
from edgeattn_export.quantize.pruning.removal import (
    Doubles,
    Ints,
    Ranking,
    hessian_of,
    ranking,
    refitted,
    rows_of,
)
from edgeattn_export.quantize.pruning.units import Units, find_units
from edgeattn_runtime.errors import RecipeError

WHOLE = 32  # neurons that stay come in so many, where all do: blocks of weights and kernels want it

Pruning = Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Readers:
    """The units of a graph by the name of the layer that reads them, and why other layers have none."""

    units: Mapping[str, Units]
    refused: Mapping[str, str]

    @classmethod
    def of(cls, model: ir.Model, layers: Sequence[Layer]) -> Readers:
        """Find the units that layers of a graph read."""
        matches = matches_of(model)
        found = {layer.name: find_units(matches[layer.node]) for layer in layers}
        return cls(
            {name: each for name, each in found.items() if isinstance(each, Units)},
            {name: each.reason for name, each in found.items() if isinstance(each, Refusal)},
        )

    def removed(self, pruning: Pruning) -> dict[str, int]:
        """Return how many units of each layer go.

        Args:
            pruning: By pattern of a layer's name, the share of its units; the last that matches counts. A
                pattern counts for those of its layers that read units.

        Raises:
            RecipeError: None of a pattern's layers reads units that can go, or a share is of none, or of all.
        """
        faults = [fault for pattern, share in pruning if (fault := self._fault(pattern, share))]
        if faults:
            raise RecipeError("; ".join(faults))
        shares = {
            name: [share for pattern, share in pruning if fnmatchcase(name, pattern)] for name in self.units
        }
        return {name: removed_of(self.units[name], its[-1]) for name, its in shares.items() if its}

    def _fault(self, pattern: str, share: float) -> str | None:
        names = [name for name in self.units if fnmatchcase(name, pattern)]
        reasons = [f": {why}" for name, why in self.refused.items() if fnmatchcase(name, pattern)]
        if not names:
            return f"pruning of {pattern!r} found; no heads or neurons there can go{''.join(reasons[:1])}"
        for name in names:
            units = self.units[name]
            if not 0 < removed_of(units, share) < units.count:
                left = "none" if share >= 0.5 else "all"
                return (
                    f"pruning of {name!r} by {share:g} found; leaving {left} of {units.count} {units.noun}; "
                    f"a share between {1 / units.count:.3g} and {1 - 1 / units.count:.3g} expected"
                )
        return None


def removed_of(units: Units, share: float) -> int:
    """Return how many of a layer's units a share is."""
    whole = WHOLE if units.size == 1 and units.count % WHOLE == 0 else 1
    return whole * round(share * units.count / whole)


@dataclass(slots=True)
class Surgeon:
    """Ranks the units of a float graph, and removes those that are worth least.

    Attributes:
        model: The graph; left as it is.
        layers: Its linear layers.
        statistics_of: Returns the statistics of a layer's input, with the Gram matrix.
        readers: Its units.
    """

    model: ir.Model
    layers: Sequence[Layer]
    statistics_of: Callable[[Layer], Statistics]
    readers: Readers = field(init=False)
    _rankings: dict[str, Ranking] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Find the units."""
        self.readers = Readers.of(self.model, self.layers)

    def ranking(self, name: str) -> Ranking:
        """Return what the units of a layer are worth, by the layer's name."""
        if name not in self._rankings:
            units = self.readers.units[name]
            weight = units.reader.array.astype(np.float64)
            self._rankings[name] = ranking(weight, self._hessian(self._layer(name)), units.count)
        return self._rankings[name]

    def operated(self, removed: Mapping[str, int]) -> ir.Model:
        """Return a copy of the graph without the units that are worth least.

        Args:
            removed: How many go, by the name of the layer that reads them.
        """
        copy = self.model.clone()
        for name, count in removed.items():
            layer = self._layer(name)
            units = Readers.of(copy, [layer]).units[name]  # anew: an earlier one may have made it narrower
            kept = self.ranking(name).kept(count)
            narrow(copy, units, kept, *self._fitted(layer, units, kept))
        return copy

    def refuse(self, reason: str) -> None:
        """Let no units go at all."""
        self.readers = Readers({}, {layer.name: reason for layer in self.layers})

    def _layer(self, name: str) -> Layer:
        return next(each for each in self.layers if each.name == name)

    def _fitted(self, layer: Layer, units: Units, kept: Ints) -> tuple[Doubles, Doubles | None]:
        """Return the weight and bias of a layer that reads only some of its units."""
        weight, rows = units.reader.array.astype(np.float64), rows_of(kept, units.size)
        fitted = refitted(weight, self._hessian(layer), rows)
        if units.reader.bias is None:
            return fitted, None
        mean = self.statistics_of(layer).mean.astype(np.float64)
        bias = floats(units.reader.bias) + mean @ weight - mean[rows] @ fitted
        return fitted, bias

    def _hessian(self, layer: Layer) -> Doubles:
        return hessian_of(self.statistics_of(layer), centered=bool(layer.bias))
