"""What is treated alike: groups of like layers, or single layers; layers of one weight stay together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from glob import escape

from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.quantize.recipes.recipe import EVERY, Recipe, Treatment
from edgeattn_export.quantize.techniques import TECHNIQUES


@dataclass(frozen=True, slots=True)
class Unit:
    """Layers that get one treatment; they are alike in shape and in the operator before them."""

    name: str
    layers: tuple[Layer, ...]

    @property
    def first(self) -> Layer:
        """The layer that stands for all."""
        return self.layers[0]

    def isolated(self, treatment: Treatment) -> Recipe:
        """Return the recipe that treats this unit and leaves all else float."""
        return Recipe(self.name, tuple((escape(layer.name), treatment) for layer in self.layers), ())


def groups(layers: Iterable[Layer]) -> tuple[Unit, ...]:
    """Group layers of the same shape behind the same operator."""
    return _units(layers, lambda layer: (layer.width, layer.channels, layer.layout, layer.source))


def singles(layers: Iterable[Layer]) -> tuple[Unit, ...]:
    """Take each weight's layers as a unit."""
    return _units(layers, lambda layer: layer.weight)


def merged(units: Iterable[Unit], treatments: Mapping[str, Treatment], rewrites: tuple[str, ...]) -> Recipe:
    """Return the recipe of a choice: the most frequent treatment for all, and the layers that differ.

    Treatments are by the units' names; rewrites are of what is no linear layer.
    """
    units = tuple(units)
    counts: Counter[Treatment] = Counter()
    for unit in units:
        counts[treatments[unit.name]] += len(unit.layers)
    usual = max(counts, key=lambda treatment: counts[treatment], default=Treatment(FLOAT.name))
    layers = [(EVERY, usual)]
    for unit in units:
        if treatments[unit.name] != usual:
            layers += [(escape(layer.name), treatments[unit.name]) for layer in unit.layers]
    return Recipe(_name(counts), tuple(layers), rewrites)


def _name(counts: Counter[Treatment]) -> str:
    """Count forms, and the techniques by which recipes of the same forms differ."""
    forms: Counter[str] = Counter()
    techniques: Counter[str] = Counter()
    for treatment, count in counts.items():
        forms[treatment.form] += count
        for name, _ in treatment.techniques:
            if TECHNIQUES[name].at_run_time:
                techniques[name] += count
    name = ", ".join(f"{count} {form}" for form, count in forms.most_common()) or "no layers"
    at_run_time = ", ".join(f"{count} {technique}" for technique, count in techniques.most_common())
    return f"{name} ({at_run_time})" if at_run_time else name


def _units(layers: Iterable[Layer], key: Callable[[Layer], Hashable]) -> tuple[Unit, ...]:
    members_of: dict[Hashable, list[Layer]] = {}
    group_of: dict[str, Hashable] = {}  # by weight: a shared one keeps its layers together
    for layer in layers:
        group = group_of.setdefault(layer.weight, key(layer))
        members_of.setdefault(group, []).append(layer)
    return tuple(Unit(members[0].name, tuple(members)) for members in members_of.values())
