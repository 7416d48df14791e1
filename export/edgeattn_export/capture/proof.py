"""An exported graph is the module's own: on real samples, and at sizes that no sample has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from edgeattn_export.capture.captured import EXPORT_TOLERANCE, Captured
from edgeattn_export.capture.export_errors import open_failure, run_failure
from edgeattn_export.capture.strategies.fixed_sizes import SizeDependentError
from edgeattn_export.graph.agreement import Units, output_dims
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, Samples, stratified
from edgeattn_export.graph.shapes import sizes_of
from edgeattn_export.graph.trials import answered_trials, sample_sizes
from edgeattn_runtime.bundle.manifest import Symbol
from edgeattn_runtime.errors import CaptureError, EdgeAttnError

MEASURED_SAMPLES = 16  # whose answers say what each channel varies by


@dataclass(frozen=True, slots=True)
class _Trial:
    """A made-up or real input: its sizes by symbol, and what is wrong with the graph's answer to it."""

    sizes: Mapping[str, int]
    objection: str | None


def proven_bounds(captured: Captured, samples: Samples) -> dict[str, Symbol]:
    """Return the axes along which a graph is the module only up to some size, and from which to which.

    An axis is bounded where the graph is the module at every size between the samples', and beyond them no
    longer: forward then decides by the size, as in ``if x.shape[1] > 512``. What the module itself does not
    take is no objection.

    Raises:
        CaptureError: The engine does not open the graph.
        SizeDependentError: Its answer is not the module's at the samples' own sizes, or between them.
    """
    try:
        runner = captured.engine.runner(captured.model)
    except EdgeAttnError as error:
        raise CaptureError(open_failure(error, captured.model)) from error
    units = answer_units(captured, samples)
    observed = sample_sizes(samples, captured.axes)
    _check_samples_fit(captured, observed)
    trials: list[_Trial] = []
    for inputs, expected in answered_trials(
        captured.reference, samples, captured.axes, captured.symbols, captured.decided
    ):
        trial = _Trial(sizes_of(inputs, captured.axes), _objection(captured, runner, units, inputs, expected))
        if trial.objection is not None and not _is_beyond(trial.sizes, observed, captured.axes.batch):
            raise SizeDependentError(trial.objection)
        trials.append(trial)
    bounds = {
        symbol: _bound(symbol, trials, observed) for symbol in observed if symbol != captured.axes.batch
    }
    for trial in trials:
        if trial.objection and all(bounds[s].allows(n) for s, n in trial.sizes.items() if s in bounds):
            raise SizeDependentError(trial.objection)
    return {symbol: bound for symbol, bound in bounds.items() if bound != Symbol(1, None)}


def _check_samples_fit(captured: Captured, observed: Mapping[str, tuple[int, ...]]) -> None:
    for symbol, sizes in observed.items():
        if not captured.symbols[symbol].allows(sizes[-1]):
            raise SizeDependentError(
                f"the exported graph takes {symbol} {captured.symbols[symbol]}, but a sample has {sizes[-1]}"
            )


def with_bounds(captured: Captured, bounds: Mapping[str, Symbol]) -> Captured:
    """Return the same graph for only the sizes at which it is the module, with a note of them."""
    symbols = {
        name: Symbol(max(bound.min, symbol.min), min(filter(None, (bound.max, symbol.max)), default=None))
        for name, symbol in captured.symbols.items()
        for bound in (bounds.get(name, Symbol(1, None)),)
    }
    notes = (
        f"{name} is {symbols[name]}: beyond that, forward computes otherwise than at the samples' sizes."
        for name in bounds
    )
    return replace(captured, symbols=symbols, notes=(*captured.notes, *notes))


def answer_units(captured: Captured, samples: Samples) -> Units:
    """Return what the original's answers vary by, from the smallest of the samples to the largest."""
    return Units.of(output_dims(captured.graph), _answers(captured, samples))


def _answers(captured: Captured, samples: Samples) -> Iterator[Outputs]:
    for inputs in stratified((sample.inputs for sample in samples), MEASURED_SAMPLES):
        with suppress(EdgeAttnError):  # what it does not take proves nothing
            yield captured.reference(inputs)


def _objection(
    captured: Captured, runner: Runner, units: Units, inputs: Inputs, expected: Outputs
) -> str | None:
    sizes = {name: tuple(value.shape) for name, value in inputs.items()}
    try:
        outputs = runner(inputs)
    except EdgeAttnError as error:
        return run_failure(error, captured.model, sizes)
    reason = units.disagreement(expected, outputs, EXPORT_TOLERANCE)
    return reason and f"the exported graph is not the module: {reason} on inputs {sizes}"


def _is_beyond(sizes: Mapping[str, int], observed: Mapping[str, tuple[int, ...]], but: str | None) -> bool:
    """Say whether an axis, but for one, is shorter or longer than in any sample."""
    return any(not observed[s][0] <= size <= observed[s][-1] for s, size in sizes.items() if s != but)


def _bound(symbol: str, trials: list[_Trial], observed: Mapping[str, tuple[int, ...]]) -> Symbol:
    """Bound an axis to the sizes between those at which only it is beyond the samples', and wrong."""
    first, last = observed[symbol][0], observed[symbol][-1]
    isolated = [trial for trial in trials if not _is_beyond(trial.sizes, observed, symbol)]
    wrong = {trial.sizes[symbol] for trial in isolated if trial.objection}
    right = {first, last, *(trial.sizes[symbol] for trial in isolated if not trial.objection)}
    low = max((size for size in wrong if size < first), default=0)
    high = min((size for size in wrong if size > last), default=None)
    return Symbol(
        min(size for size in right if size > low) if low else 1,
        None if high is None else max(size for size in right if size < high),
    )
