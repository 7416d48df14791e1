"""Making the lean float graph int8."""

from edgeattn_export.quantize.calibration import Calibration
from edgeattn_export.quantize.layers import LayerForm
from edgeattn_export.quantize.quantize import Quantized, finished, quantize
from edgeattn_export.quantize.recipe import DYNAMIC_INT8, RECIPES, Recipe, Treatment

__all__ = [
    "DYNAMIC_INT8",
    "RECIPES",
    "Calibration",
    "LayerForm",
    "Quantized",
    "Recipe",
    "Treatment",
    "finished",
    "quantize",
]
