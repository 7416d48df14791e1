from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.quantize.recipes.recipe import Recipe, Treatment
from edgeattn_export.search.choose import Option
from edgeattn_export.search.search import why_float
from edgeattn_export.search.units import Unit


def option(form: str, milliseconds: float) -> Option:
    return Option(Treatment(form), np.zeros(1), milliseconds, 1.0)


def test_a_layer_that_is_slower_in_int8_is_named_with_times_and_cause(layer: Callable[..., Layer]) -> None:
    units = [
        Unit("few", (layer("few"), layer("like it"))),
        Unit("many", (layer("many", width=1024, channels=1024),)),
    ]
    options = {
        "few": [option("int8", 0.010), option("float", 0.004)],
        "many": [option("int8", 0.3), option("residual int8", 0.1), option("float", 0.2)],
    }
    few, many = why_float(units, options, Recipe("", (("*", Treatment("float")),), ()), "int8")
    assert "layer 'few' and 1 like it takes 2 us in float and 5 in int8: its 8 x 4 weights are few" in few
    assert "layer 'many' takes 200 us in float and 300 in int8: its products are bound by memory" in many


def test_nothing_is_said_of_int8_nor_of_what_is_float_to_be_exact(layer: Callable[..., Layer]) -> None:
    units = [Unit(name, (layer(name),)) for name in ("fast", "small", "exact")]
    options = {unit.name: [option("int8", 0.1), option("float", 0.2)] for unit in units}
    options["small"] = [option("int8", 0.2), option("float", 0.1)]  # int8 for its size
    recipe = Recipe("", (("*", Treatment("int8")), ("exact", Treatment("float"))), ())
    assert why_float(units, options, recipe, "int8") == ()


def test_nothing_is_said_where_there_is_no_int8(layer: Callable[..., Layer]) -> None:
    units = [Unit("only", (layer("only"),))]
    recipe = Recipe("", (("*", Treatment("float")),), ())
    assert why_float(units, {"only": [option("float", 0.2)]}, recipe, "float") == ()
