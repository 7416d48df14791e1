"""What layers cost by count, where a device's time cannot be measured here: nominal paces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgeattn_export.quantize.calibration import Calibration
from edgeattn_export.quantize.match import Layer
from edgeattn_export.quantize.recipe import Recipe, Treatment

Paces = Mapping[str, float]  # nanoseconds of 1,000 multiply-accumulates by form; by technique what it adds

_MILLISECONDS = 1e-9  # a nanosecond of 1,000, for one


def nominal(known: Calibration, layers: Iterable[Layer], treatment: Treatment, paces: Paces) -> float:
    """Return the nominal milliseconds of layers in one treatment, for a sample of mean length."""
    counted = sum(known.rows(layer) * layer.width * layer.channels for layer in layers)
    added = sum(paces.get(technique, 0.0) for technique, _ in treatment.techniques)
    return counted * (paces[treatment.form] + added) * _MILLISECONDS


def nominal_of(known: Calibration, recipe: Recipe, paces: Paces) -> float:
    """Return the nominal milliseconds of all linear layers of a graph, as a recipe treats them."""
    return sum(nominal(known, [layer], recipe.treatment(layer.name), paces) for layer in known.layers)
