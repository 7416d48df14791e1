"""How far a graph departs from PyTorch at one point, gathered over many inputs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from edgeattn.judge.trace.inside import Inside
from edgeattn.judge.trace.noise import Noise
from edgeattn.judge.trace.recording import Floats
from edgeattn.judge.trace.trials import Trial
from edgeattn_export.graph.agreement import Outputs

SHOWN = 3  # samples on which a point is worst


@dataclass(frozen=True, slots=True)
class Worst:
    """A sample, as its trial is called, and the error that is introduced there."""

    sample: str
    introduced: float


@dataclass(frozen=True, slots=True)
class Departure:
    """Relative errors at a point, over all samples together.

    Attributes:
        introduced: Of what the graph makes there of PyTorch's own tensors.
        accumulated: Of what flows there when the graph runs as ever.
        rounds: Whether the graph computes with integers in between.
        worst: Where the introduced error is largest, the worst first.
    """

    introduced: float
    accumulated: float
    rounds: bool
    worst: tuple[Worst, ...]


class Departures:
    """Those of a graph."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside
        self._introduced: dict[str, dict[str, Noise]] = {}  # by the point's value, by sample
        self._accumulated: dict[str, dict[str, Noise]] = {}

    def add(self, trial: Trial, expected: Mapping[str, Floats]) -> None:
        """Run one input.

        Args:
            trial: The input.
            expected: What PyTorch has at the points, by their values.
        """
        held, flowing = self._inside.held(expected), self._inside.flowing(trial.inputs)
        answers = self._inside.answers(trial.inputs, {**flowing, **held})
        for found, kept in ((answers, self._introduced), (flowing, self._accumulated)):
            for value, noise in _noises(trial, held, found):
                kept.setdefault(value, {})[trial.name] = noise

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
            worst=tuple(Worst(sample, introduced[sample].error) for sample in worst[:SHOWN]),
        )


def _noises(trial: Trial, expected: Outputs, found: Outputs) -> Iterable[tuple[str, Noise]]:
    for value, answer in found.items():
        if value in expected and expected[value].shape == answer.shape:  # else an expert, given other rows
            yield value, Noise.between(trial.counted(expected[value]), trial.counted(answer))
