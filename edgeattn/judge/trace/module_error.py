"""How far a graph departs from PyTorch at each point, and what each module adds to the error."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from edgeattn.judge.noise import Noise
from edgeattn.judge.trace.inputs import TraceInput
from edgeattn.judge.trace.probe import Probe
from edgeattn.judge.trace.recording import Floats
from edgeattn.results.trace import Departure, ModuleError, SampleError
from edgeattn_export.graph.output_kinds import Outputs

SHOWN_SAMPLES = 3  # on which a point is worst
FLOAT_ERROR = 1e-3  # relative, that a step in float may add: sums stay below 1e-5, a GELU by tanh below 1e-3
USUAL_SPREAD = 4  # times the median: layers whose inputs have outliers round that much more coarsely


class Departures:
    """Those of a graph."""

    def __init__(self, inside: Probe) -> None:
        self._inside = inside
        self._introduced: dict[str, dict[str, Noise]] = {}  # by the point's value, by sample
        self._accumulated: dict[str, dict[str, Noise]] = {}

    def add(self, trial: TraceInput, expected: Mapping[str, Floats]) -> None:
        """Run one input."""
        expected_here, flowing = self._inside.as_in_graphs(expected), self._inside.flowing(trial.inputs)
        answers = self._inside.answers(trial.inputs, {**flowing, **expected_here})
        for values, by_value in ((answers, self._introduced), (flowing, self._accumulated)):
            for value, noise in _noises(trial, expected_here, values):
                by_value.setdefault(value, {})[trial.name] = noise

    @property
    def values(self) -> Collection[str]:
        """The points that the graph shows, by their values."""
        return self._inside.rounding.keys()

    def at(self, value: str) -> Departure:
        """Return the departure at a point that the graph shows."""
        introduced, accumulated = self._introduced[value], self._accumulated[value]
        worst = sorted(introduced, key=lambda sample: -introduced[sample].error)
        return Departure(
            introduced=Noise.sum(introduced.values()).error,
            accumulated=Noise.sum(accumulated.values()).error,
            rounds=self._inside.rounding[value],
            worst=tuple(SampleError(sample, introduced[sample].error) for sample in worst[:SHOWN_SAMPLES]),
        )


def _noises(trial: TraceInput, expected: Outputs, values: Outputs) -> Iterable[tuple[str, Noise]]:
    for value, answer in values.items():
        if value in expected and expected[value].shape == answer.shape:  # else an expert, given other rows
            yield value, Noise.between(trial.counted(expected[value]), trial.counted(answer))


@dataclass(frozen=True, slots=True)
class Step:
    """What a module computes up to one point, and how far the two graphs depart there.

    Attributes:
        module: Whose doing it is; empty for the model itself.
        in_float: In the float graph.
        in_int8: In the int8 graph; None where it has left nothing of the point, nor of any behind it.
        merged: Whether it has left nothing of the point, and ``in_int8`` is of the next one behind it.
    """

    module: str
    in_float: Departure
    in_int8: Departure | None
    merged: bool = False


def by_module(steps: Sequence[Step]) -> tuple[ModuleError, ...]:
    """Return what each module adds, the worst first.

    Those that add more than such a step may come by how many times; all others by what they introduce.
    """
    usual = _usual(steps)
    modules: dict[str, list[Step]] = {}
    for step in steps:
        modules.setdefault(step.module, []).append(step)
    errors = [_module_error(module, order, own, usual) for order, (module, own) in enumerate(modules.items())]
    return tuple(sorted(errors, key=_rank))


def _module_error(module: str, order: int, steps: Sequence[Step], usual: float) -> ModuleError:
    worst = max(steps, key=lambda step: _excess(step, usual))
    graphs = {"float": worst.in_float, "int8": worst.in_int8}
    return ModuleError(
        module,
        worst.in_float,
        worst.in_int8,
        worst.merged,
        order,
        excess=_excess(worst, usual),
        faults=tuple(graph for graph, it in graphs.items() if it is not None and _is_fault(it)),
    )


def _is_fault(departure: Departure) -> bool:
    """Say whether a graph is wrong: it computes in float, and not what PyTorch does."""
    return not departure.rounds and departure.introduced > FLOAT_ERROR


def _rank(error: ModuleError) -> tuple[float, float]:
    introduced = max(it.introduced for it in (error.in_float, error.in_int8) if it is not None)
    return -max(error.excess, 1.0), -introduced


def _usual(steps: Iterable[Step]) -> float:
    """Return what a step in integers may add; no less than one in float."""
    rounding = [
        step.in_int8.introduced
        for step in steps
        if step.in_int8 is not None and step.in_int8.rounds and not step.merged
    ]
    return max(FLOAT_ERROR, USUAL_SPREAD * statistics.median(rounding)) if rounding else FLOAT_ERROR


def _excess(step: Step, usual: float) -> float:
    beyond = step.in_float.introduced / FLOAT_ERROR
    if step.in_int8 is None:
        return beyond
    return max(beyond, step.in_int8.introduced / (usual if step.in_int8.rounds else FLOAT_ERROR))
