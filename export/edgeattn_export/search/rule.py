"""The recipe of a rule: one treatment for every layer that it fits, without a search."""

from __future__ import annotations

from edgeattn_export.quantize.calibration.calibration import Calibration
from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.forms.qdq.logarithm import arguments
from edgeattn_export.quantize.recipes.recipe import Recipe, Treatment
from edgeattn_export.search.candidates import Candidates
from edgeattn_export.search.units import merged, singles


def recipe_by_rule(calibration: Calibration, candidates: Candidates) -> Recipe:
    """Return the recipe that a draft follows: what a logarithm is of stays float, as energies of sounds.

    Args:
        calibration: Of the float graph whose layers are treated.
        candidates: The engine's, with kernels where these are installed.
    """
    units = singles(calibration.layers)
    before_logarithms = {value.name for value in arguments(calibration.model)}
    treatments = {
        unit.name: Treatment(FLOAT.name)
        if any(layer.output in before_logarithms for layer in unit.layers)
        else candidates.by_rule(unit.first, calibration.forms)
        for unit in units
    }
    return merged(units, treatments, candidates.plain.rewrites)
