"""The recipe of a bundle and those of its graphs: one file holds them all, and each graph takes its own.

A pattern ``*.query`` counts in every graph that has such a layer, ``encoder/*`` only in the graph "encoder";
so does a rewrite ``encoder/int4 rows``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from edgeattn_export.quantize.forms import Forms
from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.quantize.recipes.check_recipe import check_recipe
from edgeattn_export.quantize.recipes.recipe import EVERY, Recipe, Treatment

SEPARATOR = "/"  # of a graph's name and what counts only in it

Placed = tuple[str, Treatment]  # with the pattern of its layers
Layers = Mapping[str, Sequence[Layer]]  # by the graph's name


def joined(recipes: Mapping[str, Recipe]) -> Recipe:
    """Return the recipe of a bundle, by which each of its graphs gets its own again.

    Args:
        recipes: By the graph's name.
    """
    first, *others = recipes.values()
    name, layers, rewrites = first.name, first.layers, first.rewrites
    if any(other.name != name for other in others):
        name = "; ".join(f"{graph}: {recipe.name}" for graph, recipe in recipes.items())
    if any(other.layers != layers for other in others):
        layers = tuple(_of_graphs({graph: recipe.layers for graph, recipe in recipes.items()}))
    if any(other.rewrites != rewrites for other in others):
        rewrites = tuple(
            graph + SEPARATOR + rewrite for graph, recipe in recipes.items() for rewrite in recipe.rewrites
        )
    return Recipe(name, layers, rewrites)


def _of_graphs(patterns: Mapping[str, Sequence[Placed]]) -> Iterator[Placed]:
    """Yield patterns limited to their graphs, each with what is done there."""
    for graph, its in patterns.items():
        yield from ((graph + SEPARATOR + pattern, treatment) for pattern, treatment in its)


def divided(recipe: Recipe, layers: Layers, forms: Forms) -> dict[str, Recipe]:
    """Return what each graph takes of a bundle's recipe.

    Args:
        recipe: Of the bundle.
        layers: Of all its graphs.
        forms: Those of the engine.

    Raises:
        RecipeError: A graph cannot follow it, or a pattern matches no layer of any graph.
    """
    recipes = {graph: _own_recipe(graph, recipe, layers) for graph in layers}
    for graph, own in recipes.items():
        check_recipe(own, layers[graph], forms)
    return recipes


def _own_recipe(graph: str, recipe: Recipe, layers: Layers) -> Recipe:
    patterns = ((_own_pattern(pattern, graph, layers), treatment) for pattern, treatment in recipe.layers)
    rewrites = (_own_name(rewrite, graph, layers) for rewrite in recipe.rewrites)
    return replace(
        recipe,
        layers=tuple((own, treatment) for own, treatment in patterns if own is not None),
        rewrites=tuple(rewrite for rewrite in rewrites if rewrite is not None),
    )


def _own_pattern(pattern: str, graph: str, layers: Layers) -> str | None:
    """Return a pattern as it counts in a graph; None where it is another's. What is nobody's is refused."""
    own = _own_name(pattern, graph, layers)
    if own != pattern:
        return own
    owners = [name for name, graph_layers in layers.items() if _has(graph_layers, pattern)]
    return pattern if graph in owners or not owners else None


def _own_name(name: str, graph: str, graphs: Collection[str]) -> str | None:
    """Return a name as it counts in a graph; None where it begins with another graph's."""
    graph_name, separator, own = name.partition(SEPARATOR)
    if not separator or graph_name not in graphs:
        return name
    return own if graph_name == graph else None


def _has(layers: Sequence[Layer], pattern: str) -> bool:
    return pattern == EVERY or any(fnmatchcase(layer.name, pattern) for layer in layers)
