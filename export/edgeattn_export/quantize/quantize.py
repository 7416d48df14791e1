"""ir.Model (float) -> ir.Model (int8): the forms of a recipe, applied, run, and compared layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
import onnx_ir as ir
from onnx_ir.passes.common import DeduplicateInitializersPass

from edgeattn_export.capture.translation.dim_names import name_dims
from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import sources
from edgeattn_export.graph.fallback import finding
from edgeattn_export.graph.functions import write_bodies
from edgeattn_export.graph.scopes import module_of, nodes_within
from edgeattn_export.graph.values import values_of
from edgeattn_export.graph.ways import ways_of
from edgeattn_export.quantize.calibration.calibration import Calibration
from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.layers.deciding import is_matrix
from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.quantize.layers.output_r2 import layer_r2
from edgeattn_export.quantize.layers.ranges import ranges_of
from edgeattn_export.quantize.recipes.check_recipe import check_recipe
from edgeattn_export.quantize.recipes.recipe import Recipe, Treatment
from edgeattn_export.quantize.rewrites.absorb import absorb
from edgeattn_export.quantize.rewrites.outlier_split import split_early
from edgeattn_export.quantize.rewrites.write_linear import Prepared, write_linear
from edgeattn_runtime.errors import EdgeAttnError, QuantizeError

WEIGHTED = ("MatMul", "Gemm", "Conv", "Gather")
Layers = Mapping[str, Prepared]  # by their node's name
KEPT, KEPT_WITH_INPUT = "kept", "kept with its input's"
LARGEST_SHARED = 2**31  # elements; a weight that two layers share stays one weight, whatever its size


@dataclass(frozen=True, slots=True)
class LayerForm:
    """A PyTorch module, its form, and what it makes of the module.

    Attributes:
        module: Its path.
        form: As a recipe names it, or "float".
        r2: Of its output in the int8 model to the float one's; None where it has none, or does not vary.
        trained_grid: ``KEPT`` or ``KEPT_WITH_INPUT`` where it has the grid that training left it, else why
            not; empty where it left none.
    """

    module: str
    form: str
    r2: float | None
    trained_grid: str = ""


def float_layers(before: ir.Model, after: ir.Model) -> Iterator[tuple[str, str]]:
    """Yield the layers of ``before`` that stand in ``after`` too: their module, and their output's name."""
    values = values_of(after)
    for node in before.graph:
        if node.op_type in WEIGHTED and node.outputs[0].name in values:
            weights = (each for each in sources(node) if is_matrix(each))
            if any(each.dtype is ir.DataType.FLOAT for each in weights):
                yield module_of(node), node.outputs[0].name or ""


@dataclass(frozen=True, slots=True)
class Quantized:
    """The int8 graph, the recipe that made it, every layer's form, and what the user should know."""

    model: ir.Model
    recipe: Recipe
    layers: tuple[LayerForm, ...]
    notes: tuple[str, ...] = ()


def quantize(calibration: Calibration, recipe: Recipe) -> Quantized:
    """Make a float graph int8.

    Args:
        calibration: The graph, left as it is, with real inputs, to run the result and to compare each layer.
        recipe: What each layer gets.

    Raises:
        RecipeError: The recipe names layers, forms or techniques that there are none of.
        QuantizeError: A layer's weights are not finite, or the result does not load, run, or answer finitely.
    """
    model, before = written(calibration, recipe), calibration.model
    _check_runs(model, calibration)
    # The same numbers, but no layer takes over from another: values compare with the float graph's.
    plain, forms = _write(calibration, recipe, lambda _, prepared: prepared)
    write_bodies(plain, calibration.forms.bodies)
    notes = _store_whole(plain, calibration, recipe)
    floats = calibration.forms.floats(plain)
    for module, output in float_layers(before, plain):
        forms.setdefault(output, (module, FLOAT.name if output in floats else calibration.forms.rest))
    r2 = layer_r2(before, plain, forms, calibration.samples, calibration.engine)
    grids = _trained_grids(calibration, recipe)
    layers = tuple(
        LayerForm(module, form, r2.get(output), grids.get(output, ""))
        for output, (module, form) in forms.items()
    )
    return Quantized(model, recipe, layers, notes)


def written(calibration: Calibration, recipe: Recipe) -> ir.Model:
    """Return the int8 graph that a recipe makes, not yet run.

    Raises:
        RecipeError, QuantizeError: As ``quantize`` does.
    """
    model, _ = _write(calibration, recipe, _taken_over)
    for rule in calibration.forms.finish:
        apply(rule, model)
    write_bodies(model, calibration.forms.bodies)
    _store_whole(model, calibration, recipe)
    return model


def _store_whole(model: ir.Model, calibration: Calibration, recipe: Recipe) -> tuple[str, ...]:
    """Store what flows between layers, where the engine's forms have that, by how far it reaches there.

    Returns:
        What the user should know.
    """
    whole = calibration.forms.whole
    if whole is None:
        return ()
    trials, engine = calibration.covering_inputs(), calibration.engine
    name_dims(model)
    whole.balance(model, trials, engine, recipe.placed_rewrites())
    return whole.store(model, ranges_of(model, trials, engine))


def _taken_over(model: ir.Model, prepared: Layers) -> Layers:
    """Let layers take over what it costs others a pass over their input to do."""
    return absorb(model, split_early(model, prepared))


def _write(
    calibration: Calibration, recipe: Recipe, settle: Callable[[ir.Model, Layers], Layers]
) -> tuple[ir.Model, dict[str, tuple[str, str]]]:
    """Return the int8 graph, and by each changed layer's output its module and form."""
    check_recipe(recipe, calibration.layers, calibration.forms)
    model = calibration.model.clone()
    treated = _treated(calibration, recipe)
    linears = calibration.linears(treated, tuple(recipe.placed_rewrites()))
    prepared = {
        layer.node: Prepared(calibration.forms.linear[treatment.form], linears[layer.name])
        for layer, treatment in treated
    }
    apply(write_linear(settle(model, prepared)), model)
    forms = {layer.output: (layer.module, treatment.form) for layer, treatment in treated}
    for name, pattern in recipe.placed_rewrites():
        nodes = nodes_within(model, pattern)
        for site in apply(calibration.forms.rewrites[name], model, nodes.__contains__).sites:
            forms[site.output] = site.module, name
    # Not the hashed kind: it stops at an array that is not contiguous, such as a folded transpose.
    DeduplicateInitializersPass(size_limit=LARGEST_SHARED)(model)
    return model, forms


def _treated(calibration: Calibration, recipe: Recipe) -> list[tuple[Layer, Treatment]]:
    """Return the layers that do not stay float, each with what is done to it."""
    treatments = ((layer, recipe.treatment(layer.name)) for layer in calibration.layers)
    return [(layer, treatment) for layer, treatment in treatments if treatment.form != FLOAT.name]


def _trained_grids(calibration: Calibration, recipe: Recipe) -> dict[str, str]:
    """Return what became of the grids that training left, by layers' outputs, before and after the bias."""
    trained = calibration.trained_layers
    grids = trained.without_form()
    layers = [layer for layer in calibration.layers if trained.is_trained(layer)]
    placed = tuple(recipe.placed_rewrites())
    linears = calibration.linears(_treated(calibration, recipe), placed) if layers else {}
    for layer in layers:
        treatment, linear = recipe.treatment(layer.name), linears.get(layer.name)
        lost = trained.why_lost(layer, treatment, calibration.forms.linear[treatment.form], linear)
        grids[layer.node] = lost or (KEPT_WITH_INPUT if trained.keeps_reach(layer, linear) else KEPT)
    names = [(node.name or "", node.outputs[0].name or "") for node in calibration.model.graph]
    names += [(layer.node, layer.output) for layer in calibration.layers]
    return {output: grids[node] for node, output in names if node in grids}


def _check_runs(model: ir.Model, calibration: Calibration) -> None:
    try:
        answers = [
            calibration.engine.runner(way.written(model))(calibration.samples[0].inputs)
            for way in ways_of([model])
        ]
    except EdgeAttnError as error:
        raise QuantizeError(
            f"the int8 graph does not run: {finding(error)}; please report the model's form"
        ) from error
    for name, value in chain.from_iterable(each.items() for each in answers):
        if value.dtype.kind == "f" and np.isnan(value).any():
            raise QuantizeError(
                f"output {name!r} of the int8 graph holds a NaN on the first sample; see whether PyTorch's "
                "does too, and check the trained weights"
            )
