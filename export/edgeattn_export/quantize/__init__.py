"""Making the lean float graph int8."""

from edgeattn_export.quantize.layers import LayerForm
from edgeattn_export.quantize.quantize import Quantized, quantize
from edgeattn_export.quantize.recipe import RECIPES, Recipe

__all__ = ["RECIPES", "LayerForm", "Quantized", "Recipe", "quantize"]
