"""Edge cases of a contract, tried on the original, the float export and int8: whether they agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.padding import Padded
from edgeattn.results.check import EdgeCase
from edgeattn.results.latency import FLOAT, INT8, PYTORCH
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.edge_cases import EdgeBasis, EdgeInputs, edge_cases
from edgeattn_export.graph.fallback import reason
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.similarity import cosine

Array = NDArray[np.float64]

LEAST_COSINE = {FLOAT: 0.999, INT8: 0.9}  # cosine: no verdict on exactness, but that nothing is broken


def edge_case_results(
    basis: EdgeBasis, runners: Mapping[str, Runner], padded: Padded
) -> tuple[EdgeCase, ...]:
    """Derive edge cases from a contract, and try them.

    Args:
        basis: The contract, and real samples.
        runners: By the names of ``edgeattn.measure.runners``.
        padded: Tells which positions count.
    """
    return tuple(_result(case, basis, runners, padded) for case in edge_cases(basis))


def _result(case: EdgeInputs, basis: EdgeBasis, runners: Mapping[str, Runner], padded: Padded) -> EdgeCase:
    inputs = case.inputs if case.alone is None else case.alone
    try:
        expected = list(_rows(inputs, runners[PYTORCH](inputs), basis, padded))
    except Exception as error:  # the user's own code, of any kind
        return EdgeCase(case.name, ok=True, told=f"the original does not answer: {reason(error)}")
    if not all(np.isfinite(row).all() for row in expected):
        return EdgeCase(case.name, ok=True, told="the original answers NaN or infinity")
    result = EdgeCase(case.name, ok=True)
    for name in (FLOAT, INT8):
        result = _compared(case, name, expected, basis, runners[name], padded)
        if not result.ok:
            break
    if not result.ok and result.cosine is not None:
        own = _own_agreement(inputs, expected, basis, runners[PYTORCH], padded)
        if own < LEAST_COSINE[FLOAT]:
            note = (
                f"not compared: the last digits of its inputs turn the original's answer (cosine {own:.5f})"
            )
            return EdgeCase(case.name, ok=True, told=note)
    if case.beyond and result.told is not None and result.cosine is not None:
        return replace(result, ok=True, told=f"{result.told}; not judged, as no real input is like it")
    return result


def _own_agreement(
    inputs: Inputs, expected: list[Array], basis: EdgeBasis, original: Runner, padded: Padded
) -> float:
    """Return the cosine of the original to itself, of the worst row, where its inputs move by a last place.

    Of a constant behind a norm, for example, all that is left is how its mean was rounded.
    """
    mask = None if padded.padding is None else padded.padding.mask
    answers = (_rows(moved, original(moved), basis, padded) for moved in _moved(inputs, mask))
    return min((cosine(a, b) for rows in answers for a, b in zip(expected, rows, strict=True)), default=1.0)


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


def _compared(
    case: EdgeInputs, name: str, expected: list[Array], basis: EdgeBasis, runner: Runner, padded: Padded
) -> EdgeCase:
    try:
        rows = list(_rows(case.inputs, runner(case.inputs), basis, padded))
    except InputError as error:
        return EdgeCase(case.name, ok=True, told=f"outside of the target's sizes: {reason(error)}")
    except Exception as error:  # an engine's, of any kind
        return EdgeCase(case.name, ok=False, told=f"{name} does not answer: {reason(error)}")
    rows = rows if case.alone is None else rows[-len(expected) :]
    if [row.shape for row in rows] != [row.shape for row in expected]:
        return EdgeCase(case.name, ok=False, told=f"{name} answers in other dims than the original")
    lowest = min((cosine(a, b) for a, b in zip(expected, rows, strict=True)), default=1.0)
    if lowest >= LEAST_COSINE[name]:
        return EdgeCase(case.name, ok=True, cosine=lowest)
    note = f"cosine of {name} to the original {lowest:.5f}, at least {LEAST_COSINE[name]:g} expected"
    return EdgeCase(case.name, ok=False, cosine=lowest, told=note)


def _rows(inputs: Inputs, outputs: Outputs, basis: EdgeBasis, padded: Padded) -> Iterator[Array]:
    """Yield what counts of each row of an answer, flat; of all at once where rows cannot be told apart."""
    batch = basis.axes.batch
    tensors = (*basis.graph.inputs, *basis.graph.outputs)
    if batch is None or any(tensor.dims[:1] != (batch,) for tensor in tensors):
        yield _flat(padded.without_padding(inputs, outputs))
        return
    for row in range(len(inputs[basis.graph.inputs[0].name])):
        one = slice(row, row + 1)
        row_inputs, row_outputs = (
            {name: a[one] for name, a in arrays.items()} for arrays in (inputs, outputs)
        )
        yield _flat(padded.without_padding(row_inputs, row_outputs))


def _flat(outputs: Outputs) -> Array:
    return np.concatenate([np.asarray(output, np.float64).ravel() for output in outputs.values()])
