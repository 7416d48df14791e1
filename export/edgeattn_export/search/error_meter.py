"""What a recipe comes to: its graph's errors on the selection samples, its size, its relative time.

Where kernels compute a graph, it is run with and without them, and what is less exact counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from statistics import median

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.files import file_mb, weight_bytes
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Samples, stratified
from edgeattn_export.graph.spread import SPREAD_SAMPLES, Spread, spreads_of, worst_error
from edgeattn_export.graph.ways import ways_of
from edgeattn_export.quantize.calibration.calibration import Calibration
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.quantize import written
from edgeattn_export.quantize.recipes.recipe import Recipe
from edgeattn_export.search.candidates import nominal_of
from edgeattn_export.search.goal import Trial
from edgeattn_export.search.rig import Rig
from edgeattn_export.search.store import Answer, fingerprint
from edgeattn_runtime.timing.interleaved import InTurn, Rounds

Errors = NDArray[np.float64]  # (samples), squared, in units of what each channel of the answers varies by

PROVING_SAMPLES = 128  # at most, that prove a recipe
SENSED_SAMPLES = 24  # of them, the hardest, that show what one treatment spoils: few enough to try many
TIMED_SAMPLES = 8  # of them, from the smallest to the largest, that time a recipe
RACE_PASSES = 6


@dataclass
class ErrorMeter:
    """Measures the errors of recipes for one graph, each once.

    Attributes:
        float_graph: The float graph, with its samples and the outputs that count.
        rig: Where it is measured.
        samples: Those that errors are measured on, the first of the selection.
        fingerprint: Of the graph with its weights, and all samples.
    """

    float_graph: FloatGraph
    rig: Rig
    samples: Samples = field(init=False)
    fingerprint: str = field(init=False)
    _expected: list[Outputs] = field(init=False)
    _spreads: dict[str, Spread] = field(init=False)
    _latest: tuple[Recipe, ir.Model] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Run the float graph."""
        calibration, selection = self.calibration, self.float_graph.selection
        self.samples = selection[:PROVING_SAMPLES]
        self.fingerprint = fingerprint(calibration.model, calibration.samples, selection)
        answer = calibration.engine.runner(calibration.model)
        self._expected = [answer(sample.inputs) for sample in self.samples]
        names = self.float_graph.outputs
        outputs = [each for each in self.float_graph.graph.outputs if not names or each.name in names]
        others = calibration.samples[: max(SPREAD_SAMPLES - len(self.samples), 0)]
        answers = chain(self._expected, (answer(sample.inputs) for sample in others))
        self._spreads = spreads_of(outputs, answers)

    @property
    def calibration(self) -> Calibration:
        """The float graph, as it is calibrated."""
        return self.float_graph.calibration

    @cached_property
    def sensed(self) -> tuple[int, ...]:
        """At most ``SENSED_SAMPLES``, which plain int8 spoils most: the worst of all is among them."""
        hardest = np.argsort(-self.errors(self.rig.candidates.plain), kind="stable")[:SENSED_SAMPLES]
        return tuple(sorted(hardest.tolist()))

    def spoiled(self, recipe: Recipe) -> Errors:
        """Return the error beyond ``base`` of each sample ``sensed``; float by itself spoils nothing."""
        if not recipe.rewrites and all(each.form == FLOAT.name for _, each in recipe.layers):
            return np.zeros(len(self.sensed))
        return np.maximum(self._errors(recipe, self.sensed) - self.base, 0)

    @cached_property
    def base(self) -> Errors:
        """What a graph spoils of which no layer is treated, as one of 16-bit integers does; 0 for floats."""
        if self.calibration.forms.whole is None:
            return np.zeros(len(self.sensed))
        return self._errors(Recipe("", (), ()), self.sensed)

    def errors(self, recipe: Recipe) -> Errors:
        """Return the error of each sample, of the output whose error is the largest."""
        return self._errors(recipe, tuple(range(len(self.samples))))

    def weight_mb(self, recipe: Recipe) -> float:
        """Return the size of all weights of the graph that a recipe makes, 1 MB = 10^6 bytes."""
        question = {"weights": self.fingerprint, "recipe": recipe.unnamed().to_json()}
        answer = self.rig.computed(question, lambda: {"megabytes": weight_bytes(self.model(recipe)) / 1e6})
        return float(np.asarray(answer["megabytes"], np.float64))

    def model(self, recipe: Recipe) -> ir.Model:
        """Return the graph that a recipe makes; not to be changed, for the latest one is kept."""
        if self._latest is None or self._latest[0] != recipe:
            self._latest = None  # before the next one takes as much memory
            self._latest = recipe, written(self.calibration, recipe)
        return self._latest[1]

    def _errors(self, recipe: Recipe, chosen: tuple[int, ...]) -> Errors:
        question = {
            "errors": self.fingerprint,
            "samples": list(chosen),
            "outputs": list(self.float_graph.outputs),
            "recipe": recipe.unnamed().to_json(),
        }
        answer = self.rig.computed(question, lambda: self._run(recipe, chosen))
        return np.asarray(answer["errors"], np.float64)

    def _run(self, recipe: Recipe, chosen: tuple[int, ...]) -> Answer:
        model = self.model(recipe)
        runs = (self.calibration.engine.runner(way.written(model)) for way in ways_of([model]))
        errors = [self._errors_of(run, chosen) for run in runs]
        return {"errors": np.max(errors, axis=0).tolist()}

    def _errors_of(self, answer: Runner, chosen: tuple[int, ...]) -> list[float]:
        answers = ((self._expected[i], answer(self.samples[i].inputs)) for i in chosen)
        return [worst_error(self._spreads, expected, actual) for expected, actual in answers]


def race(meter: ErrorMeter, recipes: Iterable[Recipe]) -> tuple[Trial, ...]:
    """Prove recipes end to end: each is made, run on the samples, and timed in turn with the others.

    One thread; times are nominal where the device cannot be timed here.
    """
    entered = tuple(recipes)
    errors, models = [], []
    for recipe in entered:
        errors.append(meter.errors(recipe))
        models.append(meter.model(recipe))
    times = _milliseconds(meter, entered, models)
    return tuple(
        Trial(
            recipe,
            r2=float(1 - errors[i].mean()),
            r2_min=float(1 - errors[i].max()),
            latency_ms=times[i],
            size_mb=file_mb(models[i]),
        )
        for i, recipe in enumerate(entered)
    )


def _milliseconds(meter: ErrorMeter, recipes: tuple[Recipe, ...], models: list[ir.Model]) -> list[float]:
    paces = meter.rig.candidates.paces
    if paces is not None:
        return [nominal_of(meter.calibration, recipe, paces) for recipe in recipes]
    question = {"race": meter.fingerprint, "recipes": [recipe.unnamed().to_json() for recipe in recipes]}
    (answer,) = meter.rig.answers([question], lambda places: (_raced(meter, models) for _ in places))
    return [float(str(answer[str(i)])) for i in range(len(recipes))]


def _raced(meter: ErrorMeter, models: list[ir.Model]) -> Answer:
    chosen = stratified((sample.inputs for sample in meter.samples), TIMED_SAMPLES)
    runners = (meter.rig.runner(meter.calibration.engine, model) for model in models)
    calls = {str(i): InTurn([run.bind(inputs) for inputs in chosen]) for i, run in enumerate(runners)}
    passes = RACE_PASSES * len(chosen)
    times = meter.rig.turns(calls, Rounds(least=passes, most=passes, warmup=len(chosen)))
    return {i: median(measured) for i, measured in times.items()}
