"""ir.Model (float, lean) -> ir.Model (int8): the forms of a recipe, applied, loaded and run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.passes.common import DeduplicateInitializersPass

from edgeattn_export.fuse import Fused
from edgeattn_export.fuse.apply import apply
from edgeattn_export.quantize.forms import FORMS
from edgeattn_export.quantize.layers import FLOAT, LayerForm, float_layers, mean_cosines
from edgeattn_export.quantize.recipe import DYNAMIC_INT8, Recipe
from edgeattn_export.samples import Samples
from edgeattn_export.session import run, session_of
from edgeattn_runtime.errors import EdgeAttnError, QuantizeError

LARGEST_SHARED = 2**31  # elements; a weight that two layers share stays one weight, whatever its size


@dataclass(frozen=True, slots=True)
class Quantized:
    """The int8 graph, the recipe's name, and every layer's form."""

    model: ir.Model
    recipe: str
    layers: tuple[LayerForm, ...]


def quantize(fused: Fused, samples: Samples, recipe: Recipe = DYNAMIC_INT8) -> Quantized:
    """Make a lean float graph int8.

    Args:
        fused: The float graph; left as it is.
        samples: Real inputs, to run the result and to compare each layer.
        recipe: The forms to apply.

    Raises:
        QuantizeError: A layer's weights are not finite, or the result does not load, run, or answer finitely.
    """
    model = fused.model.clone()
    forms: dict[str, tuple[str, str]] = {}  # the layer's output -> its module and form
    for name in recipe.forms:
        for site in apply(FORMS[name], model).sites:
            forms[site.output] = site.module, name
    # Not the hashed kind: it stops at an array that is not contiguous, such as a folded transpose.
    DeduplicateInitializersPass(size_limit=LARGEST_SHARED)(model)
    _check_runs(model, samples)
    for module, output in float_layers(fused.model, model):
        forms.setdefault(output, (module, FLOAT))
    cosines = mean_cosines(fused.model, model, forms, samples)
    layers = tuple(LayerForm(module, form, cosines.get(output)) for output, (module, form) in forms.items())
    return Quantized(model, recipe.name, layers)


def _check_runs(model: ir.Model, samples: Samples) -> None:
    try:
        outputs = run(session_of(model), samples[0].inputs)
    except EdgeAttnError as error:
        raise QuantizeError(
            f"the int8 graph does not run: {error}; please report the model's form"
        ) from error
    for name, value in outputs.items():
        if value.dtype.kind == "f" and np.isnan(value).any():
            raise QuantizeError(f"output {name!r} of the int8 graph holds a NaN; check the trained weights")
