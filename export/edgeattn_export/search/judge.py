"""How exact a recipe is: its graph on the calibrating samples, against the float graph's answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.session import run, session_of
from edgeattn_export.quantize.calibration import Calibration
from edgeattn_export.quantize.quantize import written
from edgeattn_export.quantize.recipe import DYNAMIC_INT8, Recipe
from edgeattn_export.search.store import Store, fingerprint, machine
from edgeattn_runtime.similarity import cosine

Errors = NDArray[np.float64]  # (samples), 1 - cosine

COUNTED = 128  # samples at most that prove a recipe
SENSED = 24  # of them, the hardest, that tell what one treatment spoils: few enough to try many


@dataclass
class Judge:
    """Judges recipes for one graph, each once.

    Attributes:
        calibration: The float graph and its samples.
        outputs: The names of those that count; empty for all.
        store: Where answers are remembered.
        samples: Those that it judges by, the first of the calibrating ones.
        fingerprint: Of the graph with its weights, and these samples.
    """

    calibration: Calibration
    outputs: tuple[str, ...]
    store: Store
    samples: Samples = field(init=False)
    fingerprint: str = field(init=False)
    _expected: list[Outputs] = field(init=False)

    def __post_init__(self) -> None:
        """Run the float graph."""
        model, samples = self.calibration.model, self.calibration.samples[:COUNTED]
        session = session_of(model)
        self._expected = [run(session, sample.inputs) for sample in samples]
        self.samples, self.fingerprint = samples, fingerprint(model, samples)

    @property
    def count(self) -> int:
        """How many samples are judged by."""
        return len(self._expected)

    @cached_property
    def sensed(self) -> tuple[int, ...]:
        """The samples that plain int8 spoils most, (at most ``SENSED``): the worst of all is among them."""
        hardest = np.argsort(-self.errors(DYNAMIC_INT8), kind="stable")[:SENSED]
        return tuple(sorted(hardest.tolist()))

    def spoiled(self, recipe: Recipe) -> Errors:
        """Return 1 - cosine for each of the samples ``sensed``."""
        return self._errors(recipe, self.sensed)

    def errors(self, recipe: Recipe) -> Errors:
        """Return 1 - cosine for each sample."""
        return self._errors(recipe, tuple(range(self.count)))

    def _errors(self, recipe: Recipe, chosen: tuple[int, ...]) -> Errors:
        question = {
            "errors": self.fingerprint,
            "samples": list(chosen),
            "outputs": list(self.outputs),
            "recipe": recipe.unnamed().to_json(),
            "on": machine(),
        }
        known = self.store.get(question)
        if known is not None:
            return np.asarray(known["errors"], np.float64)
        found = self._run(self.model(recipe), chosen)
        self.store.put(question, {"errors": found.tolist()})
        return found

    def model(self, recipe: Recipe) -> ir.Model:
        """Return the graph that a recipe makes."""
        return written(self.calibration, recipe)

    def _run(self, model: ir.Model, chosen: tuple[int, ...]) -> Errors:
        session = session_of(model)
        answers = ((self._expected[i], run(session, self.samples[i].inputs)) for i in chosen)
        return np.array([1 - self._cosine(expected, found) for expected, found in answers])

    def _cosine(self, expected: Outputs, found: Outputs) -> float:
        names = self.outputs or tuple(expected)
        return cosine(_flat(expected, names), _flat(found, names))


def _flat(outputs: Mapping[str, NDArray[np.generic]], names: tuple[str, ...]) -> Errors:
    return np.concatenate([np.asarray(outputs[name], np.float64).ravel() for name in names])
