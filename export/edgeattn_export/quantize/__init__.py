"""Making the optimized float graph int8."""

from edgeattn_export.quantize.calibration.calibration import Calibration
from edgeattn_export.quantize.quantize import LayerForm, Quantized, quantize
from edgeattn_export.quantize.recipes.recipe import Recipe, Treatment

__all__ = ["Calibration", "LayerForm", "Quantized", "Recipe", "Treatment", "quantize"]
