from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.quantize.recipes.recipe import Treatment
from edgeattn_export.search.units import groups, merged, singles

INT8, FLOAT, SMOOTHED = Treatment("int8"), Treatment("float"), Treatment("int8", (("smoothing", 0.7),))
NAMES = st.text("ab.[]*?!#", max_size=4)

MakeLayer = Callable[..., Layer]


def test_layers_alike_in_shape_and_in_what_is_before_them_are_a_group(layer: MakeLayer) -> None:
    found = groups(
        [
            layer("a.up", source="LayerNormalization"),
            layer("a.down", width=4, channels=8, source="Gelu"),
            layer("b.up", source="LayerNormalization"),
            layer("a.out", source="Attention"),
        ]
    )
    assert [(unit.name, [each.name for each in unit.layers]) for unit in found] == [
        ("a.up", ["a.up", "b.up"]),
        ("a.down", ["a.down"]),
        ("a.out", ["a.out"]),
    ]


def test_layers_of_one_weight_never_part(layer: MakeLayer) -> None:
    one, other = layer("one", "shared", source="Gelu"), layer("other", "shared", source="Attention")
    alone = layer("alone", source="Attention")
    for units in (groups([one, alone, other]), singles([one, alone, other])):
        assert [unit.layers for unit in units] == [(one, other), (alone,)]


def test_a_unit_alone_leaves_all_else_float(layer: MakeLayer) -> None:
    (unit, _) = groups([layer("a"), layer("b"), layer("c", width=2)])
    recipe = unit.isolated(INT8)
    assert [recipe.treatment(name) for name in "abc"] == [INT8, INT8, FLOAT]
    assert recipe.rewrites == ()


@given(
    names=st.lists(NAMES, unique=True),
    treatments=st.lists(st.sampled_from([INT8, FLOAT, SMOOTHED]), min_size=9, max_size=9),
    widths=st.lists(st.integers(1, 3), min_size=9, max_size=9),
)
def test_a_merged_recipe_gives_every_layer_what_was_chosen_for_it(
    layer: MakeLayer, names: list[str], treatments: list[Treatment], widths: list[int]
) -> None:
    units = groups(layer(name, width=width) for name, width in zip(names, widths, strict=False))
    chosen = dict(zip((unit.name for unit in units), treatments, strict=False))
    recipe = merged(units, chosen, ("int8 rows",))
    for unit in units:
        assert {recipe.treatment(each.name) for each in unit.layers} == {chosen[unit.name]}
        assert {unit.isolated(SMOOTHED).treatment(each.name) for each in unit.layers} == {SMOOTHED}
    assert recipe.rewrites == ("int8 rows",)


def test_a_merged_recipe_counts_its_forms_in_its_name(layer: MakeLayer) -> None:
    units = groups([layer("a"), layer("b"), layer("c", width=2)])
    recipe = merged(units, {"a": SMOOTHED, "c": FLOAT}, ())
    assert recipe.name == "2 int8, 1 float (2 smoothing)"
    assert recipe.layers == (("*", SMOOTHED), ("c", FLOAT))
    assert merged((), {}, ()).name == "no layers"
