"""Fewer heads and neurons, where a limit on time or size is met better so.

What a layer without some of its units spoils is measured once, all else in float. Without more or fewer of
them it spoils as its output's lost variance has it, which ``Ranking.lost`` knows in closed form; its time and
size are those of the products that are left. So shares are chosen as treatments are, and proven end to end.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from glob import escape

import numpy as np

from edgeattn_export.quantize.match import Layer
from edgeattn_export.quantize.pruning import Units, removed_of
from edgeattn_export.quantize.recipe import Recipe, Treatment
from edgeattn_export.search.choose import Choice, Option, Problem, Trust, choose, predicted
from edgeattn_export.search.error_meter import ErrorMeter
from edgeattn_export.search.goal import Goal, Trial
from edgeattn_export.search.rig import Step

SHARES = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75)  # of a layer's units
MEASURED_SHARE = 0.25
LEAST_SAVING = 0.05  # of time or size: for less, no exactness is given away
# Of the error that a recipe may have: inputs unlike the samples miss what is gone. Without a quarter of the
# heads of models/digits/wide.py, the evaluation samples lose three times what the selection samples do.
SHARE_OF_ERROR = 0.25
ATTEMPTS = 3  # choices that are proven at most
REST = "(all else)"


@dataclass(frozen=True, slots=True)
class Pruned:
    """What pruning came to: recipes that are proven to be exact enough, and why there is none."""

    recipes: tuple[Recipe, ...] = ()
    notes: tuple[str, ...] = ()


def pruned(meter: ErrorMeter, goal: Goal, trial: Trial, step: Step) -> Pruned:
    """Return recipes with fewer heads and neurons, as far as a goal's limits on exactness allow.

    Args:
        meter: Of the graph.
        goal: The limits; without one on time or size, nothing is pruned.
        trial: Of the recipe as it is without.
        step: Told of each layer that reads heads or neurons.
    """
    is_limited = math.isfinite(goal.latency_ms) or math.isfinite(goal.size_mb)
    sites = _sites(meter, trial.recipe) if is_limited else []
    if not sites:
        return Pruned()
    goal = goal.tightened(SHARE_OF_ERROR)
    problem = _problem(meter, goal, trial, sites, step)
    errors = meter.errors(trial.recipe)
    trust = Trust(_ratio(errors.mean(), errors[list(meter.sensed)].mean()))
    recipes: dict[Recipe, bool] = {}
    for _ in range(ATTEMPTS):
        choice = choose(problem, trust=trust)
        recipe = _recipe(trial.recipe, sites, choice)
        if recipe in recipes or _saving(problem, choice) < LEAST_SAVING:
            break
        errors, expected = meter.errors(recipe), predicted(choice)
        recipes[recipe] = goal.allows(float(errors.mean()), float(errors.max()))
        trust = Trust(_ratio(errors.mean(), expected.mean()), _ratio(errors.max(), expected.max()))
    exact = tuple(recipe for recipe, is_exact in recipes.items() if is_exact)
    return Pruned(exact, () if exact else (_why_not(goal, sites, problem),))


@dataclass(frozen=True, slots=True)
class _Site:
    """A layer that reads units, and those that make them.

    Attributes:
        name: The reader's.
        units: What it reads.
        reader: The layer.
        makers: The others, each with the columns of a unit.
        counts: How many units may go.
    """

    name: str
    units: Units
    reader: Layer
    makers: tuple[tuple[Layer, int], ...]
    counts: tuple[int, ...]

    def products(self, removed: int) -> list[tuple[Layer, int, int]]:
        """Return the layers without some units, each with its width and its channels."""
        kept = (self.units.count - removed) * self.units.size
        made = [(layer, layer.width, layer.channels - removed * columns) for layer, columns in self.makers]
        return [(self.reader, kept, self.reader.channels), *made]

    def share(self, removed: int) -> float:
        """Return how many units go as a recipe has it."""
        return removed / self.units.count


def _sites(meter: ErrorMeter, recipe: Recipe) -> list[_Site]:
    calibration = meter.calibration
    layers, by_output = (
        {getattr(each, key): each for each in calibration.layers} for key in ("name", "output")
    )
    sites = []
    for name, units in calibration.surgeon.readers.units.items():
        columns: Counter[Layer] = Counter()
        for part in units.parts:
            if part.match.output.name in by_output:
                columns[by_output[part.match.output.name]] += part.size
        site = _Site(name, units, layers[name], tuple(columns.items()), ())
        form = calibration.forms.linear[recipe.treatment(name).form]
        counts = sorted({removed_of(units, share) for share in SHARES} - {0, units.count})
        fitting = (each for each in counts if form.unfit(*site.products(each)[0][1:]) is None)
        sites.append(replace(site, counts=tuple(fitting)))
    return [site for site in sites if site.counts]


def _problem(meter: ErrorMeter, goal: Goal, trial: Trial, sites: list[_Site], step: Step) -> Problem:
    """Return what there is to choose from: a share of each layer's units, none among them."""
    calibration, forms = meter.calibration, meter.calibration.forms
    every = sum(calibration.rows(each) * each.width * each.channels for each in calibration.layers)

    def option(site: _Site, removed: int, errors: np.ndarray) -> Option:
        products = site.products(removed)
        counted = sum(calibration.rows(layer) * width * channels for layer, width, channels in products)
        megabytes = sum(
            forms.linear[trial.recipe.treatment(layer.name).form].megabytes(width, channels)
            for layer, width, channels in products
        )
        how = Treatment(site.units.noun, (("pruning", site.share(removed)),))
        return Option(how, errors, trial.latency_ms * counted / every, megabytes)

    units: dict[str, list[Option]] = {}
    none = np.zeros(len(meter.sensed))
    for done, site in enumerate(sites):
        step(done, len(sites), f"trying {site.name} with fewer {site.units.noun}")
        measured = min(site.counts, key=lambda count: abs(site.share(count) - MEASURED_SHARE))
        spoiled = meter.spoiled(Recipe("", (), (), ((escape(site.name), site.share(measured)),)))
        lost = calibration.surgeon.ranking(site.name).lost
        scaled = ((each, spoiled * _ratio(lost[each - 1], lost[measured - 1])) for each in site.counts)
        units[site.name] = [option(site, 0, none), *(option(site, *each) for each in scaled)]
    base = meter.errors(trial.recipe)[list(meter.sensed)]
    milliseconds = trial.latency_ms - sum(options[0].milliseconds for options in units.values())
    megabytes = trial.size_mb - sum(options[0].megabytes for options in units.values())
    units[REST] = [Option(Treatment(REST), base, milliseconds, megabytes)]
    return Problem(units, goal, 0.0)


def _saving(problem: Problem, choice: Choice) -> float:
    """Return which share of the whole cost a choice saves."""
    whole = sum(problem.cost(options[0]) for options in problem.units.values())
    return 1 - sum(map(problem.cost, choice.values())) / whole


def _recipe(recipe: Recipe, sites: list[_Site], choice: Choice) -> Recipe:
    """Return a recipe that leaves out what was chosen, and says in its name how much."""
    removed: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    pruning = []
    for site in sites:
        share = dict(choice[site.name].treatment.techniques)["pruning"]
        counts[site.units.noun] += site.units.count
        removed[site.units.noun] += round(share * site.units.count)
        if share:
            pruning.append((escape(site.name), share))
    words = (f"{gone} of {counts[noun]} {noun} pruned" for noun, gone in removed.items() if gone)
    return replace(recipe, name=", ".join([recipe.name, *words]), pruning=tuple(pruning))


def _why_not(goal: Goal, sites: list[_Site], problem: Problem) -> str:
    """Say what heads and neurons would spoil, and what may be spoiled."""
    spoiled: defaultdict[str, float] = defaultdict(float)
    for site in sites:
        options = problem.units[site.name][1:]
        nearest = min(
            options, key=lambda each: abs(dict(each.treatment.techniques)["pruning"] - MEASURED_SHARE)
        )
        spoiled[site.units.noun] += float(nearest.errors.mean())
    words = " and ".join(f"{each:.2g} without a quarter of all {noun}" for noun, each in spoiled.items())
    base = float(problem.units[REST][0].errors.mean())
    return (
        f"All heads and neurons stay: the cosine would lose about {words}, where it may lose "
        f"{goal.mean_error:.2g} and loses {base:.2g} already."
    )


def _ratio(measured: float, expected: float) -> float:
    return float(measured / expected) if expected > 0 else 1.0
