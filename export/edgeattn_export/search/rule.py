"""The recipe of a rule: one treatment for every layer that it fits, without a search."""

from __future__ import annotations

from edgeattn_export.quantize.calibration.calibration import Calibration
from edgeattn_export.quantize.recipes.recipe import Recipe
from edgeattn_export.search.candidates import Candidates
from edgeattn_export.search.units import groups, merged


def recipe_by_rule(calibration: Calibration, candidates: Candidates) -> Recipe:
    """Return the recipe that a draft follows.

    Args:
        calibration: Of the float graph whose layers are treated.
        candidates: The engine's, with kernels where these are installed.
    """
    units = groups(calibration.layers)
    treatments = {unit.name: candidates.by_rule(unit.first, calibration.forms) for unit in units}
    return merged(units, treatments, candidates.plain.rewrites)
