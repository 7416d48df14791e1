from __future__ import annotations

import re

import pytest

from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.quantize.recipes.check_recipe import check_recipe
from edgeattn_export.quantize.recipes.recipe import Recipe, Treatment
from edgeattn_export.quantize.techniques import TECHNIQUES
from edgeattn_export.targets.cpu import FORMS
from edgeattn_runtime.errors import RecipeError

FORMS_THERE, TECHNIQUES_THERE, REWRITES_THERE = map(", ".join, (FORMS.linear, TECHNIQUES, FORMS.rewrites))


def _layer(name: str, width: int = 64) -> Layer:
    return Layer(name, name, name, "x", "y", "weight", "", "", width, 64)


LAYERS = (_layer("up"), _layer("down", width=40))


def _refusal(recipe: Recipe, layers: tuple[Layer, ...] = LAYERS) -> str:
    with pytest.raises(RecipeError) as caught:
        check_recipe(recipe, layers, FORMS)
    return str(caught.value)


def test_a_recipe_that_fits() -> None:
    every = tuple((name, 1.0) for name, technique in TECHNIQUES.items() if not technique.ranges)
    check_recipe(Recipe("", (("*", Treatment("int8", every)),), tuple(FORMS.rewrites)), LAYERS, FORMS)
    ranged = Treatment("int8 static", (("smoothing", 0.5), ("entropy range", 0.5), ("rounding", 0.1)))
    check_recipe(Recipe("", (("*", ranged),), ()), LAYERS, FORMS)
    check_recipe(
        Recipe("", (("up", Treatment("int4 blocks")), ("d*", Treatment("float"))), ()), LAYERS, FORMS
    )
    check_recipe(Recipe("", (("*", Treatment("int8")),), ()), (), FORMS)  # for a model without linear layers


def test_every_fault_is_told_at_once() -> None:
    recipe = Recipe(
        "mine",
        (
            ("*", Treatment("int4 blocks")),
            ("head", Treatment("int8")),
            ("up", Treatment("int3", (("sanding", 0.5), ("smoothing", 1.5)))),
        ),
        ("int8 rows", "gelu sin"),
    )
    faults = (
        f"rewrite 'gelu sin' .*{REWRITES_THERE}",
        "layer 'head' .*up, down",
        f"layer 'up': form 'int3' .*{FORMS_THERE}",
        f"layer 'up': technique 'sanding' .*{TECHNIQUES_THERE}",
        "layer 'up': smoothing 1.5 ",
        "layer 'down' .*'int4 blocks': .*40 .*32",
    )
    assert re.match("recipe 'mine': " + ".*; ".join(faults), _refusal(recipe))


RANGES = (("percentile range", 0.99), ("entropy range", 0.5))
UNFIT = {
    "percentile range ": Treatment("int8", RANGES[:1]),  # finds its range in every call
    "percentile range, entropy range ": Treatment("int8 static", RANGES),
    "smoothing, rounding ": Treatment("float", (("smoothing", 0.5), ("rounding", 0.1))),
    "channel splitting ": Treatment("int4 blocks", (("channel splitting", 0.5),)),
}


@pytest.mark.parametrize(("fault", "treatment"), UNFIT.items())
def test_techniques_that_a_form_does_not_take(fault: str, treatment: Treatment) -> None:
    assert f"layer 'up': {fault}" in _refusal(Recipe("", (("up", treatment),), ()))


@pytest.mark.parametrize("number", [0.0, -0.5, 1.0001, float("inf"), float("nan")])
def test_a_number_out_of_its_range(number: float) -> None:
    recipe = Recipe("", (("*", Treatment("int8", (("rounding", number),))),), ())
    assert f"layer '*': rounding {number:g} " in _refusal(recipe)


def test_a_form_counts_only_where_it_is_the_last_that_matches() -> None:
    layers = (("*", Treatment("int4 blocks")), ("down", Treatment("int8")))
    check_recipe(Recipe("", layers, ()), LAYERS, FORMS)
    assert re.search("layer 'down' .*'int4 blocks'", _refusal(Recipe("", layers[::-1], ())))


def test_only_some_layers_are_named() -> None:
    layers = (_layer(""), *(_layer(f"layer.{i}") for i in range(9)))
    recipe = Recipe("", (("head", Treatment("int8")),), ())
    assert _refusal(recipe, layers).endswith(" '', layer.0, layer.1, layer.2, layer.3, layer.4 and 4 more")


def test_the_same_fault_is_told_once() -> None:
    wrong = Treatment("int3")
    recipe = Recipe("", (("*", wrong), ("*", wrong)), ())
    assert _refusal(recipe).count("int3") == 1


SMOOTHING, CLIPPING, ROUNDING, BIAS = (
    (name, 0.5) for name in ("smoothing", "clipping", "rounding", "bias correction")
)


@pytest.mark.parametrize(
    "techniques",
    [
        (ROUNDING, SMOOTHING),
        (CLIPPING, SMOOTHING),
        (BIAS, ROUNDING),
        (ROUNDING, CLIPPING),
        (BIAS, CLIPPING),
        (SMOOTHING, SMOOTHING),
    ],
)
def test_techniques_that_would_undo_one_another(techniques: tuple[tuple[str, float], ...]) -> None:
    names = ", ".join(name for name, _ in techniques)
    refusal = _refusal(Recipe("", (("*", Treatment("int8", techniques)),), ()))
    assert re.search(rf"layer '\*': .*{names} .*{TECHNIQUES_THERE}", refusal)
