"""An exported graph is the module's own: on real samples, and at sizes that no sample has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from edgeattn_export.capture.captured import EXPORT_TOLERANCE, Captured
from edgeattn_export.capture.export_errors import open_failure, run_failure
from edgeattn_export.capture.original.determinism import repeats
from edgeattn_export.capture.original.own_rounding import OWN_MULTIPLE, OwnRounding
from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.capture.strategies.fixed_sizes import SizeDependentError
from edgeattn_export.graph.agreement import Units, output_dims
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, Samples, stratified
from edgeattn_export.graph.shapes import sizes_of
from edgeattn_export.graph.spread import Array
from edgeattn_export.graph.trials import answered_trials, sample_sizes
from edgeattn_runtime.bundle.manifest import Symbol
from edgeattn_runtime.errors import CaptureError, EdgeAttnError, ModelError

MEASURED_SAMPLES = 16  # whose answers say what each channel varies by


@dataclass(frozen=True, slots=True)
class Proven:
    """Where a graph is the module.

    Attributes:
        bounds: The axes along which it is so only up to some size, and from which to which.
        notes: A line where the module's own rounding explains a larger difference than others have.
    """

    bounds: Mapping[str, Symbol]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Trial:
    """A made-up or real input: its sizes by symbol, and what is wrong with the graph's answer to it."""

    sizes: Mapping[str, int]
    objection: str | None


def proven(captured: Captured, reference: Reference, samples: Samples) -> Proven:
    """Compare a graph with its module on trials of all sizes.

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
    comparison = _Comparison(captured, reference, runner, samples)
    observed = sample_sizes(samples, captured.axes)
    _check_samples_fit(captured, observed)
    trials: list[_Trial] = []
    for inputs, expected in answered_trials(
        captured.reference, samples, captured.axes, captured.symbols, captured.decided
    ):
        trial = _Trial(sizes_of(inputs, captured.axes), comparison.objection(inputs, expected))
        if trial.objection is not None and not _is_beyond(trial.sizes, observed, captured.axes.batch):
            raise SizeDependentError(trial.objection)
        trials.append(trial)
    bounds = {
        symbol: _bound(symbol, trials, observed) for symbol in observed if symbol != captured.axes.batch
    }
    for trial in trials:
        if trial.objection and all(bounds[s].allows(n) for s, n in trial.sizes.items() if s in bounds):
            raise SizeDependentError(trial.objection)
    partial = {symbol: bound for symbol, bound in bounds.items() if bound != Symbol(1, None)}
    return Proven(partial, comparison.notes)


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
    for inputs in _measured(samples):
        with suppress(EdgeAttnError):  # what it does not take proves nothing
            yield captured.reference(inputs)


def _measured(samples: Samples) -> list[Inputs]:
    return stratified((sample.inputs for sample in samples), MEASURED_SAMPLES)


class _Comparison:
    """A graph's answers against its module's, trial by trial."""

    def __init__(self, captured: Captured, reference: Reference, runner: Runner, samples: Samples) -> None:
        self._captured, self._reference, self._runner = captured, reference, runner
        self._units = answer_units(captured, samples)
        self._rounding = OwnRounding(reference, self._units, _measured(samples))
        self._accepted = self._own = 0.0  # the largest of each, in units of a channel

    @property
    def notes(self) -> tuple[str, ...]:
        """What was accepted of the module's own rounding; empty where nothing had to be."""
        if not self._accepted:
            return ()
        return (
            f"The exported graph differs from the module by up to {self._accepted:.1e} of a channel's "
            f"spread, where {EXPORT_TOLERANCE:.0e} is usual: the module's own float32 differs from its "
            f"float64 by {self._own:.1e}.",
        )

    def objection(self, inputs: Inputs, expected: Outputs) -> str | None:
        """Say how the graph fails on inputs, or differs from the module's answer; None where it does not."""
        try:
            outputs = self._runner(inputs)
        except EdgeAttnError as error:
            return run_failure(error, self._captured.model, _dims(inputs))
        reason = self._units.disagreement(expected, outputs, EXPORT_TOLERANCE)
        why = None if reason is None else self._unexcused(inputs, expected, outputs, reason)
        return why and f"the exported graph is not the module: {why}"

    def _unexcused(self, inputs: Inputs, expected: Outputs, outputs: Outputs, reason: str) -> str | None:
        """Say why the module's own rounding does not explain a difference; None where it does."""
        location = f" on inputs {_dims(inputs)}"
        # What draws numbers would be excused by them: so it is asked first.
        if not repeats(self._reference, inputs, expected, self._units):
            again = "the module answers otherwise when it is called again: check forward for randomness"
            return f"{reason}{location}; {again}"
        try:
            largest = self._rounding.including(inputs, expected)
        except ModelError as error:
            return f"{reason}{location}; {error}"
        own = _largest(largest)
        allowed = {name: OWN_MULTIPLE * error for name, error in largest.items()}
        beyond = self._units.disagreement(expected, outputs, EXPORT_TOLERANCE, allowed)
        if beyond is not None:
            return f"{beyond}{location}; the module's own float32 differs from its float64 by {own:.1e}"
        self._accepted = max(self._accepted, _largest(self._units.errors(expected, outputs)))
        self._own = own
        return None


def _dims(inputs: Inputs) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in inputs.items()}


def _largest(errors: Mapping[str, Array]) -> float:
    return max(float(error.max(initial=0.0)) for error in errors.values())


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
