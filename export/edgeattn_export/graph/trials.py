"""The inputs on which two graphs must agree before one may take the other's place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice, product, zip_longest
from types import MappingProxyType

import numpy as np
import sympy
from numpy.typing import NDArray

from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.samples import Inputs, Sample, Samples, stratified
from edgeattn_export.graph.shapes import sized_inputs, sizes_of
from edgeattn_runtime.bundle.manifest import Symbol
from edgeattn_runtime.errors import CaptureError, EdgeAttnError

STRATA = 4  # into which samples are parted by their size, where a few of them stand for all
PROVEN_SIZES = 128  # sizes at most, of which a sample each is a proof's
PROVEN_SAMPLES = 32  # that it has where they have fewer sizes
RANGED_SAMPLES = 64  # samples, of which the ranges of all values in a graph are taken
REPEATED_SAMPLES = 8  # of them, which come again, masked
LONGEST_TRIAL = 1024  # elements along an axis that are made up, where the original decides by its size
STACKED_ROWS = 3  # rows in the stacked trial: neither 1 nor the 2 that a capture sees


def trials(samples: Samples, axes: Axes) -> Iterator[Inputs]:
    """Yield the shortest and longest real samples, a stack of rows, rows of size 1, and masked variants.

    A mask that hides nothing proves nothing, and real samples handed over one by one are seldom padded: so
    where an input looks like a mask (only 0 and 1 in every sample), each trial comes again with its last
    third hidden, and once with all but the first position hidden. One more shows all, as a mask that hides
    something in every sample does not.
    """
    masks = tuple(name for name in samples.names if _is_mask(samples, name))
    for inputs in _unmasked(samples, axes):
        yield inputs
        for visible_share in (0.67, 0.0):
            if masks:
                yield {n: _masked_out(v, visible_share) if n in masks else v for n, v in inputs.items()}
    if masks:
        yield {n: np.ones_like(v) if n in masks else v for n, v in samples[0].inputs.items()}


def masked_samples(samples: Samples) -> Iterator[Inputs]:
    """Yield samples of all sizes, and a few again with the last third of what looks like a mask 0, and 1.

    Samples that are seldom padded do not show the numbers that a mask puts where it hides.
    """
    masks = tuple(name for name in samples.names if _is_mask(samples, name))
    chosen = stratified((sample.inputs for sample in samples), RANGED_SAMPLES)
    yield from chosen
    for inputs, flag in product(stratified(chosen, REPEATED_SAMPLES) if masks else (), (0, 1)):
        yield {**inputs, **{name: _masked_out(inputs[name], 0.67, flag) for name in masks}}


def answered_trials(
    reference: Callable[[Inputs], Outputs],
    samples: Samples,
    axes: Axes,
    symbols: Mapping[str, Symbol],
    decided: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[tuple[Inputs, Outputs]]:
    """Yield trials, sizes that no sample has, and samples of every size, with the original's answers.

    What is beyond the original is left out.

    Args:
        reference: The original.
        samples: Real inputs.
        axes: Their axes.
        symbols: The sizes that these may have.
        decided: Sizes beyond which the original may compute otherwise, by symbol.

    Raises:
        EdgeAttnError: The original fails on a real sample, the first trial.
        CaptureError: Its answer has another form than for other inputs.
    """
    unseen = unseen_sizes(samples, axes, symbols, decided)
    for i, inputs in enumerate(chain(trials(samples, axes), unseen, proven_samples(samples, axes))):
        try:
            expected = reference(inputs)
        except CaptureError:  # its answer has another form, which no graph can follow
            raise
        except EdgeAttnError:
            if i == 0:
                raise
            continue
        yield inputs, expected


def proven_samples(samples: Samples, axes: Axes) -> list[Inputs]:
    """Return samples for a proof: one of each size, or of an even share of the sizes, then others of each."""
    of_size = dict[tuple[int, ...], list[Inputs]]()
    for sample in samples:
        of_size.setdefault(tuple(sizes_of(sample.inputs, axes).values()), []).append(sample.inputs)
    first = stratified((inputs for inputs, *_ in of_size.values()), PROVEN_SIZES)
    others = chain.from_iterable(zip_longest(*(inputs[1:] for inputs in of_size.values())))
    return [*first, *islice(filter(None, others), max(PROVEN_SAMPLES - len(first), 0))]


def sample_sizes(samples: Samples, axes: Axes) -> dict[str, tuple[int, ...]]:
    """Return the sizes that the samples have along each dynamic axis, the smallest first."""
    sizes_by_sample = [sizes_of(sample.inputs, axes) for sample in samples]
    return {symbol: tuple(sorted({sizes[symbol] for sizes in sizes_by_sample})) for symbol in axes.symbols}


def unseen_sizes(
    samples: Samples,
    axes: Axes,
    symbols: Mapping[str, Symbol],
    decided: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[Inputs]:
    """Yield inputs that along one axis have the samples' extremes or a size that none has.

    Along the others they are as the middle sample. What is decided by comes too, and the size after it.
    """
    middle = sizes_of(_by_size(samples)[len(samples) // 2].inputs, axes)
    for symbol, observed in sample_sizes(samples, axes).items():
        decisive = decided.get(symbol, LONGEST_TRIAL)
        around = {decisive, decisive + 1} if observed[-1] <= decisive < LONGEST_TRIAL else set()
        for size in sorted({*_between_and_beyond(observed), *around}):
            if symbols[symbol].allows(size) and symbol not in axes.packed:
                yield sized_inputs(samples, axes, {**middle, symbol: size})


def _between_and_beyond(observed: tuple[int, ...]) -> list[int]:
    """Return sizes even and odd, prime, square, and of the samples' own step: not all suit every module."""
    last, step = observed[-1], math.gcd(*observed)
    middle = step * ((observed[0] + last) // (2 * step))
    beyond = (last + 1, last + 2, sympy.nextprime(last), (math.isqrt(last) + 1) ** 2, last + step)
    return sorted({1, 2, 3, step, middle, middle + 1, *beyond} - {*observed[1:-1]})


def _unmasked(samples: Samples, axes: Axes) -> Iterator[Inputs]:
    by_size = _by_size(samples)
    yield by_size[0].inputs
    yield by_size[-1].inputs
    if axes.packed:  # then none can be made up
        yield from (by_size[len(by_size) * part // STRATA].inputs for part in range(1, STRATA))
        return
    middle = sizes_of(by_size[len(by_size) // 2].inputs, axes)
    if axes.batch:
        yield sized_inputs(samples, axes, {**middle, axes.batch: STACKED_ROWS})
    if axes.symbols:
        yield sized_inputs(samples, axes, dict.fromkeys(axes.symbols, 1))


def _by_size(samples: Samples) -> list[Sample]:
    return sorted(samples, key=lambda sample: sum(value.size for value in sample.inputs.values()))


def _is_mask(samples: Samples, name: str) -> bool:
    values = [sample.inputs[name] for sample in samples]
    return all(v.ndim >= 2 and v.dtype.kind in "biu" and bool(((v == 0) | (v == 1)).all()) for v in values)


def _masked_out(value: NDArray[np.generic], visible_share: float, flag: int = 0) -> NDArray[np.generic]:
    visible = max(1, round(value.shape[-1] * visible_share))
    masked = value.copy()
    masked[..., visible:] = flag
    return masked
