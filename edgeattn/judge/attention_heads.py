"""What each head of a model's attentions is worth, in closed form, and which of them its recipe removes."""

from __future__ import annotations

from collections.abc import Iterator

from edgeattn.results.attention import AttentionHeads
from edgeattn_export.quantize import Calibration, Recipe
from edgeattn_export.quantize.float_graphs import FloatGraphs
from edgeattn_export.quantize.pruning import HEADS

DIGITS = 6  # that a report has of a share


def attention_heads(floats: FloatGraphs, recipe: Recipe) -> tuple[AttentionHeads, ...]:
    """Return the heads of each attention of a bundle's graphs, as the calibration samples use them.

    Graphs whose statistics take several passes over the samples are left out.
    """
    recipes = floats.divided(recipe)
    return tuple(
        heads
        for name, graph in floats.graphs.items()
        if graph.calibration.has_all_grams
        for heads in _heads(graph.calibration, recipes[name])
    )


def _heads(calibration: Calibration, recipe: Recipe) -> Iterator[AttentionHeads]:
    surgeon = calibration.surgeon
    removed = surgeon.readers.removed(recipe.pruning)
    modules = {layer.name: layer.module for layer in calibration.layers}
    for name, units in surgeon.readers.units.items():
        if units.noun == HEADS:
            ranking = surgeon.ranking(name)
            gone = sorted(ranking.order[: removed.get(name, 0)].tolist())
            lost = tuple(round(float(share), DIGITS) for share in ranking.alone)
            yield AttentionHeads(modules[name] or name, lost, tuple(gone))
