"""Fewer heads and neurons as options of the search.

What a layer without some of its units spoils is measured once, all else in float. Without more or fewer of
them it spoils as its output's lost variance has it, which ``Ranking.lost`` knows in closed form. What goes is
a share of the products of the layers around, in whatever form they have: that share of their time and size
is spared.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from glob import escape
from itertools import chain

import numpy as np

from edgeattn_export.quantize.forms import Forms
from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.quantize.pruning import HEADS, NEURONS, Units, removed_of
from edgeattn_export.quantize.recipes.recipe import Recipe, Treatment
from edgeattn_export.search.choose import Choice, Option, Problem
from edgeattn_export.search.error_meter import ErrorMeter, Errors
from edgeattn_export.search.goal import Goal
from edgeattn_export.search.rig import Step
from edgeattn_export.search.units import Unit

SHARES = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75)  # of a layer's heads or neurons
MEASURED_SHARE = 0.25
LEAST_SAVING = 0.05  # of time or size: for less, no exactness is given away
NOUNS = (HEADS, NEURONS)


@dataclass(frozen=True, slots=True)
class Site:
    """A layer that reads heads or neurons, and those that make them.

    Attributes:
        reader: The layer's name.
        units: What it reads.
        columns: By the name of each layer that makes them, the columns of one of them.
        spoiled: (samples) By how many of them go, the error with nothing else treated.
    """

    reader: str
    units: Units
    columns: Mapping[str, int]
    spoiled: Mapping[int, Errors]

    @property
    def name(self) -> str:
        """Of its unit in a problem."""
        return f"{self.units.noun} of {self.reader}"

    def options(self, treated: Iterable[Unit], problem: Problem, forms: Forms) -> Iterator[Option]:
        """Yield what there is to choose from: all stay, or fewer as far as every form on offer takes them."""
        narrowed = {self.reader, *self.columns}
        around = [(unit, layer) for unit in treated for layer in unit.layers if layer.name in narrowed]
        for removed, errors in self.spoiled.items():
            spared: defaultdict[str, float] = defaultdict(float)
            is_fit = True
            for unit, layer in around:
                width, channels = self._sizes(layer, removed)
                on_offer = {option.treatment.form for option in problem.units[unit.name]}
                is_fit &= all(forms.linear[form].unfit(width, channels) is None for form in on_offer)
                left = width * channels / (layer.width * layer.channels)
                spared[unit.name] += (1 - left) / len(unit.layers)
            if is_fit or not removed:
                pruning = ((escape(self.reader), removed / self.units.count),) if removed else ()
                yield Option(Treatment(self.units.noun, pruning), errors, 0.0, 0.0, spared)

    def _sizes(self, layer: Layer, removed: int) -> tuple[int, int]:
        """Return the width and the channels of a layer without some units."""
        if layer.name == self.reader:
            return layer.width - removed * self.units.size, layer.channels
        return layer.width, layer.channels - removed * self.columns[layer.name]


def sites(meter: ErrorMeter, goal: Goal, step: Step) -> tuple[Site, ...]:
    """Return where heads and neurons may go; without a limit on time or size nowhere."""
    if math.isinf(goal.latency_ms) and math.isinf(goal.size_mb):
        return ()
    readers = meter.calibration.surgeon.readers.units
    layers = {layer.output: layer for layer in meter.calibration.layers}
    found = []
    for done, (reader, units) in enumerate(readers.items()):
        step(done, len(readers), f"trying {reader} with fewer {units.noun}")
        columns: Counter[str] = Counter()
        for part in units.parts:
            if part.match.output.name in layers:
                columns[layers[part.match.output.name].name] += part.size
        found.append(Site(reader, units, columns, _spoiled(meter, reader, units)))
    return tuple(site for site in found if any(site.spoiled))


def _spoiled(meter: ErrorMeter, reader: str, units: Units) -> dict[int, Errors]:
    """Return by how many units go what that spoils, none among them."""
    counts = sorted({removed_of(units, share) for share in SHARES} - {0, units.count})
    spoiled: dict[int, Errors] = {0: np.zeros(len(meter.sensed))}
    if counts:
        measured = min(counts, key=lambda count: abs(count / units.count - MEASURED_SHARE))
        errors = meter.spoiled(Recipe("", (), (), ((escape(reader), measured / units.count),)))
        lost = meter.calibration.surgeon.ranking(reader).lost
        least = lost[measured - 1]
        spoiled |= {count: errors * (lost[count - 1] / least if least > 0 else 1.0) for count in counts}
    return spoiled


def without_pruned(meter: ErrorMeter, recipe: Recipe, choice: Choice) -> Recipe:
    """Return a recipe without the heads and neurons that a choice leaves out, its name with how many."""
    of_sites = (option.treatment for option in choice.values() if option.treatment.form in NOUNS)
    pruning = tuple(chain.from_iterable(treatment.techniques for treatment in of_sites))
    if not pruning:
        return recipe
    readers = meter.calibration.surgeon.readers
    removed: Counter[str] = Counter()
    for reader, count in readers.removed(pruning).items():
        removed[readers.units[reader].noun] += count
    counts: Counter[str] = Counter()
    for units in readers.units.values():
        counts[units.noun] += units.count
    words = [f"{removed[noun]} of {counts[noun]} {noun} pruned" for noun in NOUNS if removed[noun]]
    return replace(recipe, name=", ".join([recipe.name, *words]), pruning=pruning)


def why_kept(meter: ErrorMeter, goal: Goal, prunable: Iterable[Site], recipe: Recipe) -> tuple[str, ...]:
    """Say what heads and neurons would spoil, and what may be spoiled, where a recipe prunes none."""
    spoiled: defaultdict[str, Errors] = defaultdict(lambda: np.zeros(1))
    for site in prunable:
        nearest = min(site.spoiled, key=lambda count: abs(count / site.units.count - MEASURED_SHARE))
        spoiled[site.units.noun] = spoiled[site.units.noun] + site.spoiled[nearest]
    if recipe.pruning or not spoiled:
        return ()
    is_of_mean = goal.mean_error <= goal.worst_error
    r2, loss = ("R²", np.mean) if is_of_mean else ("worst sample's R²", np.max)
    words = " and ".join(
        f"{loss(each):.2g} without a quarter of all {noun}" for noun, each in spoiled.items()
    )
    allowed = goal.mean_error if is_of_mean else goal.worst_error
    return (
        f"All heads and neurons stay: the {r2} would lose about {words}, where it may lose "
        f"{allowed:.2g} and loses {loss(meter.errors(recipe)[list(meter.sensed)]):.2g} already.",
    )
