"""Edge cases of a contract, tried on the original, the float export and int8: whether they agree."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgeattn.judge.padding import Padded
from edgeattn.results.check import EdgeCase
from edgeattn.results.latency import FLOAT, INT8, PYTORCH
from edgeattn_export.graph.edge_cases import EdgeBasis, EdgeInputs, edge_cases
from edgeattn_export.graph.fallback import reason
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.spread import Spread
from edgeattn_runtime.errors import InputError

# Root mean square, in units of what answers vary by: no verdict on exactness, but that nothing is broken. For
# answers around 0 they ask what cosines of .999 and .9 do.
MOST_ERROR = {FLOAT: 0.045, INT8: 0.45}


def edge_case_results(
    basis: EdgeBasis, runners: Mapping[str, Runner], padded: Padded, spreads: Mapping[str, Spread]
) -> tuple[EdgeCase, ...]:
    """Derive edge cases from a contract, and try them."""
    trial = _Trial(basis, runners, padded, spreads)
    return tuple(trial.result(case) for case in edge_cases(basis))


def row_error(spreads: Mapping[str, Spread], expected: Outputs, actual: Outputs) -> float:
    """Return the root mean square error of the worst output of a row, of those that ``actual`` has.

    An answer far from all that real inputs get is measured by its own distance from their mean.
    """
    return max(
        math.sqrt(spread.error(expected[name], actual[name]) / max(spread.distance(expected[name]), 1.0))
        for name, spread in spreads.items()
        if name in actual
    )


@dataclass(frozen=True, slots=True)
class _Trial:
    """What edge cases are tried on, and how answers are compared."""

    basis: EdgeBasis
    runners: Mapping[str, Runner]
    padded: Padded
    spreads: Mapping[str, Spread]

    def result(self, case: EdgeInputs) -> EdgeCase:
        """Try one."""
        inputs = case.inputs if case.alone is None else case.alone
        try:
            expected = self._answer(PYTORCH, inputs)
        except Exception as error:  # the user's own code, of any kind
            return EdgeCase(case.name, ok=True, reason=f"the original does not answer: {reason(error)}")
        if any(_undefined(row) for row in expected):
            return EdgeCase(case.name, ok=True, reason="the original answers NaN or infinity")
        result = EdgeCase(case.name, ok=True)
        for name in (FLOAT, INT8):
            result = self._compared(case, name, expected)
            if not result.ok:
                break
        if not result.ok and result.error is not None:
            own = self._own_error(inputs, expected)
            if own > MOST_ERROR[FLOAT]:
                note = (
                    "not compared: the last digits of its inputs turn the original's answer "
                    f"(error {own:.3g})"
                )
                return EdgeCase(case.name, ok=True, reason=note)
        if case.beyond and result.reason is not None and result.error is not None:
            return replace(
                result, ok=True, reason=f"{result.reason}; not judged, as no real input is like it"
            )
        return result

    def _answer(self, runner: str, inputs: Inputs) -> list[Outputs]:
        return list(_rows(inputs, self.runners[runner](inputs), self.basis, self.padded))

    def _own_error(self, inputs: Inputs, expected: list[Outputs]) -> float:
        """Return the original's error to itself, of the worst row, where its inputs move by a last place.

        Of a constant behind a norm, for example, all that is left is how its mean was rounded.
        """
        mask = None if self.padded.padding is None else self.padded.padding.mask
        answers = (self._answer(PYTORCH, moved) for moved in _moved(inputs, mask))
        return max((self._error(expected, rows) for rows in answers), default=0.0)

    def _error(self, expected: list[Outputs], rows: list[Outputs]) -> float:
        pairs = zip(expected, rows, strict=True)
        return max((row_error(self.spreads, a, b) for a, b in pairs), default=0.0)

    def _compared(self, case: EdgeInputs, name: str, expected: list[Outputs]) -> EdgeCase:
        try:
            rows = self._answer(name, case.inputs)
        except InputError as error:
            return EdgeCase(case.name, ok=True, reason=f"outside of the target's sizes: {reason(error)}")
        except Exception as error:  # an engine's, of any kind
            return EdgeCase(case.name, ok=False, reason=f"{name} does not answer: {reason(error)}")
        rows = rows if case.alone is None else rows[-len(expected) :]
        if [_dims(row) for row in rows] != [_dims(row) for row in expected]:
            return EdgeCase(case.name, ok=False, reason=f"{name} answers in other dims than the original")
        undefined = next((output for row in rows for output in _undefined(row)), None)
        if undefined is not None:
            words = f"{name} answers NaN or infinity in {undefined!r}, where the original has numbers"
            return EdgeCase(case.name, ok=False, reason=words)
        largest = self._error(expected, rows)
        if largest <= MOST_ERROR[name]:
            return EdgeCase(case.name, ok=True, error=largest)
        note = f"error of {name} {largest:.3g} of what answers vary by, at most {MOST_ERROR[name]:g} expected"
        return EdgeCase(case.name, ok=False, error=largest, reason=note)


def _undefined(row: Outputs) -> list[str]:
    """Name the outputs of a row that hold NaN or infinity."""
    return [name for name, answer in row.items() if not np.isfinite(answer).all()]


def _dims(row: Outputs) -> list[tuple[int, ...]]:
    return [answer.shape for answer in row.values()]


def _moved(inputs: Inputs, mask: str | None) -> Iterator[Inputs]:
    """Yield inputs whose floats have moved up by a unit in the last place: all of them, and every other one.

    A mask stays as it is, and so does a 0, whose last place is none that a device has.
    """
    floats = [name for name, array in inputs.items() if array.dtype.kind == "f" and name != mask]
    for step in (1, 2) if floats else ():
        moved = {name: array.copy() for name, array in inputs.items()}
        for name in floats:
            places = moved[name].reshape(-1)[::step]
            np.nextafter(places, np.inf, out=places, where=places != 0, dtype=places.dtype)
        yield moved


def _rows(inputs: Inputs, outputs: Outputs, basis: EdgeBasis, padded: Padded) -> Iterator[Outputs]:
    """Yield what counts of each row of an answer; of all at once where rows cannot be distinguished."""
    batch = basis.axes.batch
    tensors = (*basis.graph.inputs, *basis.graph.outputs)
    if batch is None or any(tensor.dims[:1] != (batch,) for tensor in tensors):
        yield padded.without_padding(inputs, outputs)
        return
    for row in range(len(inputs[basis.graph.inputs[0].name])):
        one = slice(row, row + 1)
        row_inputs, row_outputs = (
            {name: a[one] for name, a in arrays.items()} for arrays in (inputs, outputs)
        )
        yield padded.without_padding(row_inputs, row_outputs)
