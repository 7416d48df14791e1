"""The forms that a recipe may give a layer: what one is, and those of each engine."""

from edgeattn_export.quantize.forms.form import LinearForm, Product, Rewrite
from edgeattn_export.quantize.forms.forms import Forms
from edgeattn_export.quantize.forms.linear_float import FLOAT

__all__ = ["FLOAT", "Forms", "LinearForm", "Product", "Rewrite"]
