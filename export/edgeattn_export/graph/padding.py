"""Which input marks padding: found by what it does to a model's answers, never by its name.

A position is padded where what stands there reaches no other position's answer. So an input of 0 and 1 marks
padding where a change at a position that it masks out changes no answer elsewhere, and the same change at a
position that it shows does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.graph.agreement import Units, output_dims
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.bundle.rows import Padding
from edgeattn_runtime.graph import Graph, Tensor

TOLERANCE = 1e-5  # of what a channel varies by
TRIAL_COUNT = 3  # samples, the longest ones
SHORTEST_SEQUENCE = 3  # positions: one before and one behind the one that is changed

Answer = Callable[[Inputs], Outputs]


def find_padding(answer: Answer, graph: Graph, samples: Iterable[Inputs]) -> Padding | None:
    """Return the input that marks padding, and what it holds there; None where none does.

    Args:
        answer: The float model.
        graph: Its contract.
        samples: Real inputs.
    """
    trials = sorted(samples, key=lambda inputs: sum(array.size for array in inputs.values()))[-TRIAL_COUNT:]
    for tensor, masked_out in product(graph.inputs, (0, 1)):
        if is_flag(tensor, trials) and marks_padding(answer, graph, trials, tensor, masked_out):
            return Padding(tensor.name, masked_out)
    return None


def is_flag(tensor: Tensor, samples: Iterable[Inputs]) -> bool:
    """Say whether an input (batch, sequence) holds nothing but 0 and 1 in every sample."""
    shaped = len(tensor.dims) == 2 and isinstance(tensor.dims[1], str)
    return shaped and all(bool(np.isin(inputs[tensor.name], (0, 1)).all()) for inputs in samples)


def marks_padding(
    answer: Answer, graph: Graph, samples: Iterable[Inputs], flag: Tensor, masked_out: int
) -> bool:
    """Say whether an input's flag keeps a position out of all others' answers, and only that flag does.

    Args:
        answer: The float model.
        graph: Its contract.
        samples: Real inputs; those of fewer than ``SHORTEST_SEQUENCE`` positions prove nothing.
        flag: The input, of 0 and 1.
        masked_out: The flag of a padded position.
    """
    trials = [inputs for inputs in samples if inputs[flag.name].shape[1] >= SHORTEST_SEQUENCE]
    leaks = any(_leaks(answer, graph, inputs, flag, masked_out) for inputs in trials)
    return not leaks and any(_leaks(answer, graph, inputs, flag, 1 - masked_out) for inputs in trials)


def _leaks(answer: Answer, graph: Graph, inputs: Inputs, flag: Tensor, flag_value: int) -> bool:
    """Say whether a change in the middle, flagged as ``flag_value``, reaches another position's answer."""
    flags = inputs[flag.name]
    middle = flags.shape[1] // 2
    fed = {**inputs, flag.name: _flagged(flags, middle, flag_value)}
    changed = {**fed, **dict(_changed_inputs(graph, inputs, flag, middle))}
    before, after = (_other_positions(graph, answer(each), flag, middle) for each in (fed, changed))
    return Units.of(output_dims(graph), [before]).disagreement(before, after, TOLERANCE) is not None


def _flagged(flags: NDArray[np.generic], middle: int, flag_value: int) -> NDArray[np.generic]:
    """Return the sample's most frequent flag everywhere but in the middle, which is flagged as given."""
    usual = round(float(flags.astype(np.float64).mean()))
    flagged = np.full_like(flags, usual)
    flagged[:, middle] = flag_value
    return flagged


def _changed_inputs(
    graph: Graph, inputs: Inputs, flag: Tensor, middle: int
) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """Yield every input with a position for each flag, another position's numbers in its middle."""
    for tensor in graph.inputs:
        if tensor.name == flag.name or tensor.dims[:2] != flag.dims:
            continue
        array = inputs[tensor.name].copy()
        others = [at for at in range(array.shape[1]) if not np.array_equal(array[:, at], array[:, middle])]
        if others:
            array[:, middle] = array[:, others[-1]]
            yield tensor.name, array


def _other_positions(graph: Graph, outputs: Outputs, flag: Tensor, middle: int) -> Outputs:
    """Return outputs without the middle, on every axis that has a position for each flag."""
    others = {}
    for tensor in graph.outputs:
        array = outputs[tensor.name]
        for axis, dim in enumerate(tensor.dims):
            if axis and dim == flag.dims[1] and tensor.dims[0] == flag.dims[0]:
                array = np.delete(array, middle, axis)
        others[tensor.name] = array
    return others
