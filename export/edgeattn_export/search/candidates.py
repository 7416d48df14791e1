"""What a search tries: treatments of layers, and forms of what is no linear layer.

Nominal paces stand in for the time of a device that cannot be measured here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from edgeattn_export.quantize.arithmetic.grid import INT8
from edgeattn_export.quantize.calibration.calibration import Calibration
from edgeattn_export.quantize.forms import FLOAT, Forms
from edgeattn_export.quantize.forms.qdq.logarithm import arguments
from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.quantize.recipes.recipe import EVERY, Recipe, Treatment
from edgeattn_export.quantize.rewrites.outlier_split import ZERO_KEEPING
from edgeattn_export.quantize.techniques import TECHNIQUES
from edgeattn_export.search.goal import R2, R2_MIN, Goal
from edgeattn_export.search.units import merged, singles

Paces = Mapping[str, float]  # nanoseconds of 1,000 multiply-accumulates by form; by technique what it adds

_MILLISECONDS = 1e-9  # a nanosecond of 1,000, for one
Treatments = tuple[Treatment, ...]


def nominal(calibration: Calibration, layers: Iterable[Layer], treatment: Treatment, paces: Paces) -> float:
    """Return the nominal milliseconds of layers in one treatment, for a sample of mean length."""
    counted = sum(calibration.rows(layer) * layer.width * layer.channels for layer in layers)
    added = sum(paces.get(technique, 0.0) for technique, _ in treatment.techniques)
    return counted * (paces[treatment.form] + added) * _MILLISECONDS


def nominal_of(calibration: Calibration, recipe: Recipe, paces: Paces) -> float:
    """Return the nominal milliseconds of all linear layers of a graph, as a recipe treats them."""
    layers = calibration.layers
    return sum(nominal(calibration, [layer], recipe.treatment(layer.name), paces) for layer in layers)


@dataclass(frozen=True, slots=True)
class Kernels:
    """What edgeattn's own kernels add, where they are installed.

    Attributes:
        layers: Treatments of linear layers; the form as it is first.
        rewrites: Forms of what is no linear layer, each taken where it is faster.
        rule: Treatments for all layers together, each equally fast by the kernel, slower without it than the
            one before, and more exact. A draft takes the first, a search the first that meets its goal.
    """

    layers: Treatments = ()
    rewrites: tuple[str, ...] = ()
    rule: Treatments = ()


NO_KERNELS = Kernels()


@dataclass(frozen=True, slots=True)
class Candidates:
    """Which treatments are worth a trial on one engine.

    Attributes:
        plain: The recipe that gives every layer the fastest form as it is.
        fast: Treatments with this form for any layer, the form as it is first.
        behind_activation: More of them, where outlier channels can be split off before an activation.
        elsewhere: More of them, where they cannot.
        more_exact: Others that are tried in every search; float among them.
        most_exact: Those for layers that nothing else but float is exact enough for, the most exact last.
        smaller: Those for a limit on size.
        static: Those with a fixed scale of activations, for a search that takes its time.
        few: All that are tried where a trial takes seconds, those of kernels besides.
        rounding: The technique by which every weight of a recipe is rounded in the end, with its number.
        embeddings: Forms of embeddings, one of which a recipe has.
        smaller_embeddings: More of them, for a limit on size.
        others: Forms of what is neither, which every recipe has.
        aim: R² in the mean and of the worst sample that are aimed at where the budget is silent on exactness.
        paces: By form, nominal nanoseconds of 1,000 multiply-accumulates, and by technique what it adds to
            them, where the device's time cannot be measured here; None where it is measured.
        kernels: What more there is where edgeattn's own kernels are installed.
        careful: The techniques of weights below 8 bits, in place of ``rounding``.
        corrections: Rewrites that a chosen recipe gets in the end where it is more exact with them.
        rule: What a draft gives each layer instead of a search: the first that fits, else ``fastest``.
    """

    plain: Recipe
    fast: Treatments
    behind_activation: Treatments = ()
    elsewhere: Treatments = ()
    more_exact: Treatments = ()
    most_exact: Treatments = ()
    smaller: Treatments = ()
    static: Treatments = ()
    few: Treatments = ()
    rounding: tuple[str, float] = ("rounding", 0.1)  # helps, and does not overfit the samples
    embeddings: tuple[str, ...] = ()
    smaller_embeddings: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    aim: tuple[float, float] = (R2, R2_MIN)
    paces: Mapping[str, float] | None = field(default=None, hash=False)
    kernels: Kernels = NO_KERNELS
    careful: tuple[tuple[str, float], ...] = ()
    corrections: tuple[str, ...] = ()
    rule: Treatments = ()

    @classmethod
    def of_floats(cls, name: str, embedding: str) -> Candidates:
        """Return what there is for an engine whose linear layers stay float: one recipe of that name."""
        in_float = Treatment(FLOAT.name)
        return cls(
            plain=Recipe(name, ((EVERY, in_float),), (embedding,)),
            fast=(in_float,),
            most_exact=(in_float,),
            few=(in_float,),
            embeddings=(embedding,),
            paces={FLOAT.name: 1.0},
        )

    @property
    def fastest(self) -> Treatment:
        """The fastest form as it is."""
        return self.fast[0]

    def cheapest(self, layer: Layer, goal: Goal, forms: Forms) -> Iterator[Treatment]:
        """Yield what may cost the least of all that fit a layer: forms as they are, and float."""
        yield self.fastest
        yield Treatment(FLOAT.name)
        yield from (each for each in self.smaller if goal.wants_size and _fits(layer, each, forms))
        yield from (each for each in self.static if goal.thorough and not each.techniques)
        yield from self.kernels.layers[:1]

    def usual(self, layer: Layer, goal: Goal, forms: Forms) -> Iterator[Treatment]:
        """Yield what is tried of a layer at first, of all that fit it."""
        yield from (each for each in self.kernels.layers if _is_wanted(layer, each, goal, forms))
        yield from self.fast
        yield from self.behind_activation if layer.source in ZERO_KEEPING else self.elsewhere
        yield from self.more_exact
        yield from (each for each in self.smaller if goal.wants_size and _fits(layer, each, forms))
        yield from self.static if goal.thorough else ()

    def by_rule(self, layer: Layer, forms: Forms) -> Treatment:
        """Return what a layer gets where nothing is searched."""
        rules = (*self.kernels.rule, *self.rule)
        return next((each for each in rules if _fits(layer, each, forms)), self.fastest)

    def recipe_by_rule(self, calibration: Calibration) -> Recipe:
        """Return the recipe of a draft; what a logarithm is of, as energies of sounds, stays float."""
        units = singles(calibration.layers)
        in_float = {value.name for value in arguments(calibration.model)}
        treatments = {
            unit.name: Treatment(FLOAT.name)
            if any(layer.output in in_float for layer in unit.layers)
            else self.by_rule(unit.first, calibration.forms)
            for unit in units
        }
        return merged(units, treatments, self.plain.rewrites)

    def smallest(self, layer: Layer, forms: Forms) -> Treatment:
        """Return what makes a layer's weight smallest."""
        return next((each for each in self.smaller if _fits(layer, each, forms)), self.fastest)

    def finished(self, treatment: Treatment, forms: Forms) -> Treatment:
        """Return a treatment with what makes its weight more exact and takes longer than a trial may."""
        if treatment.form == FLOAT.name:
            return treatment
        if forms.linear[treatment.form].grid.bits < INT8.bits:
            return Treatment(treatment.form, self.careful)
        return Treatment(treatment.form, (*treatment.techniques, self.rounding))

    def forms_of_embeddings(self, goal: Goal) -> tuple[str, ...]:
        """Return what is tried of embeddings."""
        return (*self.embeddings, *(self.smaller_embeddings if goal.wants_size else ()))


def fitted_together(treatments: Mapping[str, Treatment]) -> dict[str, Treatment]:
    """Return the treatments of one recipe, by their units: where layers fit their own inputs, all do.

    What the layers before did wrong a layer of 8 bits can make up for as well as one of 4.
    """
    own = dict.fromkeys(
        technique
        for treatment in treatments.values()
        for technique in treatment.techniques
        if TECHNIQUES[technique[0]].by_own_inputs
    )
    return {
        name: treatment
        if treatment.form == FLOAT.name
        else Treatment(treatment.form, (*own, *(each for each in treatment.techniques if each not in own)))
        for name, treatment in treatments.items()
    }


def _is_wanted(layer: Layer, treatment: Treatment, goal: Goal, forms: Forms) -> bool:
    """Say whether a treatment fits; one that gives up exactness for bytes only where these count."""
    is_smaller = forms.linear[treatment.form].bytes_per_weight < 1
    return _fits(layer, treatment, forms) and (goal.wants_size or not is_smaller)


def _fits(layer: Layer, treatment: Treatment, forms: Forms) -> bool:
    return forms.linear[treatment.form].unfit(layer.width, layer.channels) is None
