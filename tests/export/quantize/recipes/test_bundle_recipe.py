from __future__ import annotations

import pytest

from edgeattn_export.quantize import Recipe, Treatment
from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.quantize.recipes.bundle_recipe import divided, joined
from edgeattn_export.targets.cpu import FORMS
from edgeattn_runtime.errors import RecipeError

INT8, SMOOTHED, FLOAT = Treatment("int8"), Treatment("int8", (("smoothing", 0.7),)), Treatment("float")
PLAIN = Recipe("plain", (("*", INT8),), ("int8 rows",))


def layers(*names: str) -> tuple[Layer, ...]:
    return tuple(Layer(name, name, name, "x", "y", name, "", "", 64, 32) for name in names)


# One module may stand in both: a cross attention's keys belong to the encoder, its queries to the decoder.
GRAPHS = {
    "model": layers("decoder.attention", "decoder.cross", "head"),
    "encoder": layers("encoder.attention", "decoder.cross"),
}


def test_graphs_that_agree_have_one_recipe() -> None:
    assert joined({"model": PLAIN, "encoder": PLAIN}) == PLAIN
    assert joined({"model": PLAIN}) == PLAIN
    assert divided(PLAIN, GRAPHS, FORMS) == {"model": PLAIN, "encoder": PLAIN}


def test_each_graph_gets_its_own_recipe_again() -> None:
    own = {
        "model": Recipe("careful", (("*", INT8), ("decoder.cross", FLOAT)), ("int8 rows",)),
        "encoder": Recipe("small", (("*", SMOOTHED), ("decoder.cross", INT8)), ("int4 rows", "gelu tanh")),
    }
    whole = joined(own)
    assert whole.name == "model: careful; encoder: small"
    assert whole.layers[1] == ("model/decoder.cross", FLOAT)
    assert whole.rewrites == ("model/int8 rows", "encoder/int4 rows", "encoder/gelu tanh")
    again = divided(whole, GRAPHS, FORMS)
    assert {name: recipe.unnamed() for name, recipe in again.items()} == {
        name: recipe.unnamed() for name, recipe in own.items()
    }
    assert joined(again) == whole


def test_what_graphs_agree_on_is_said_once() -> None:
    whole = joined({"model": PLAIN, "encoder": Recipe("plain", (("*", SMOOTHED),), ("int8 rows",))})
    assert (whole.name, whole.rewrites) == ("plain", ("int8 rows",))
    assert whole.layers == (("model/*", INT8), ("encoder/*", SMOOTHED))


def test_a_pattern_counts_in_every_graph_that_has_such_a_layer() -> None:
    own = divided(
        Recipe("mine", (("*", INT8), ("head", FLOAT), ("*.attention", SMOOTHED)), ()), GRAPHS, FORMS
    )
    assert own["model"].layers == (("*", INT8), ("head", FLOAT), ("*.attention", SMOOTHED))
    assert own["encoder"].layers == (("*", INT8), ("*.attention", SMOOTHED))


@pytest.mark.parametrize(
    ("pattern", "treatment", "named"),
    [
        ("haed", INT8, "layer 'haed' "),
        ("encoder/head", INT8, r"layer 'head' .*encoder\.attention"),
        ("decodr/*", INT8, r"layer 'decodr/\*' "),
        ("encoder/*", Treatment("int3"), "form 'int3' "),
    ],
)
def test_what_no_graph_can_follow_is_refused(pattern: str, treatment: Treatment, named: str) -> None:
    with pytest.raises(RecipeError, match=named):
        divided(Recipe("mine", (("*", INT8), (pattern, treatment)), ()), GRAPHS, FORMS)
