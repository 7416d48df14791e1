"""Whether a module answers alike twice, and if not, what in forward draws random numbers or keeps state.

It is called twice on one sample, and once on another between.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.capture.original.side_effects import RandomDraw, watch_calls
from edgeattn_export.graph.agreement import Units
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_runtime.errors import CaptureError, EdgeAttnError

REPEATED_TOLERANCE = 1e-4  # of what a channel varies by: threads may sum in another order
_BY_CHANCE = ("dropout", "bernoulli")  # what PyTorch calls drawing with a probability


@contextmanager
def fresh_generators() -> Iterator[None]:
    """Seed the shared generators of Python, numpy and PyTorch from the system inside the block.

    A second call of what draws then answers otherwise even where the first one's states were put back in
    between, as a compiler does that traces a call before it runs. Afterwards the states are what they were.
    """
    python, legacy = random.getstate(), np.random.get_state()
    random.seed()
    np.random.seed()
    try:
        with torch.random.fork_rng(devices=()):
            torch.default_generator.seed()
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)


def check_repeats(reference: Reference, samples: Samples, answer: Outputs) -> None:
    """Call a module on the first sample again, after the last one, and compare with its first answer.

    Raises:
        CaptureError: It answers otherwise. The message names the module and the line that draws random
            numbers, or the buffer that forward writes, and the smallest change.
    """
    inputs = samples[0].inputs
    other = reference(samples[-1].inputs)
    with fresh_generators():
        again = reference(inputs)
    units = Units.of({name: value.shape[1:][-1:] for name, value in answer.items()}, (answer, other))
    differs = units.disagreement(answer, again, REPEATED_TOLERANCE)
    if differs is not None:
        raise CaptureError(_message(reference, inputs, differs))


def repeats(reference: Runner, inputs: Inputs, answer: Outputs, units: Units) -> bool:
    """True if a model answers inputs again as it did."""
    with fresh_generators():
        return units.disagreement(answer, reference(inputs), REPEATED_TOLERANCE) is None


def _message(reference: Reference, inputs: Inputs, differs: str) -> str:
    """Say why answers differ: what draws, else what is written, by a call that is watched."""
    module = reference.module
    buffers = {name: value.clone() for name, value in module.named_buffers()}
    attributes = dict(_attributes(module))
    with watch_calls(module) as watch, suppress(EdgeAttnError):  # what was seen before it failed is seen
        reference(inputs)
    if watch.draw is not None:
        return _draw_message(reference, inputs, watch.draw)
    for name, value in module.named_buffers():
        if name not in buffers or not torch.equal(buffers[name], value):
            return _write_message(module, "buffer", name, watch.written.get(name, ""))
    for name, attribute in _attributes(module):
        if attributes.get(name) is not attribute:
            return _write_message(module, "attribute", name, "")
    return (
        f"{type(module).__name__} answers otherwise when it is called again on sample 0: {differs}; make "
        "inputs of random numbers drawn with numpy or Python, and of values that forward keeps between calls"
    )


def _draw_message(reference: Reference, inputs: Inputs, draw: RandomDraw) -> str:
    """Say who draws, and what to do: hand over the numbers where forward takes them, else move them out."""
    name = _parameter(reference, inputs, draw)
    shape = "" if draw.numbers is None else f" {tuple(draw.numbers.shape)}"
    if name is not None:
        change = f"give forward the numbers, which it takes as {name!r}{shape}, in every sample"
    elif any(word in draw.function for word in _BY_CHANCE):
        change = "set its probability to 0, or leave it out in eval mode"
    else:
        change = f"draw the numbers{shape} outside and pass them as an input, or keep them in a buffer"
    who = _module_name(reference.module, draw.owner)
    return f"{who} draws random numbers in forward{draw.location}, so that no two answers are alike; {change}"


def _parameter(reference: Reference, inputs: Inputs, draw: RandomDraw) -> str | None:
    """Return the optional parameter of forward that saves the draw: found by calling with the numbers."""
    call = reference.call
    for name, parameter in inspect.signature(reference.module.forward).parameters.items():
        if draw.numbers is None or parameter.default is not None or name in (*inputs, *call.arguments):
            continue
        trial = Reference(reference.module, replace(call, arguments={**call.arguments, name: draw.numbers}))
        try:
            with watch_calls(reference.module) as watch:
                trial(inputs)
        except EdgeAttnError:  # it takes something else by that name
            continue
        if watch.draw is None:
            return name
    return None


def _attributes(module: nn.Module) -> Iterator[tuple[str, object]]:
    """Yield tensors and numbers of modules other than parameters and buffers, by dotted names."""
    for path, part in module.named_modules():
        for name, value in vars(part).items():
            if isinstance(value, Tensor | int | float):
                yield f"{path}.{name}".lstrip("."), value


def _write_message(module: nn.Module, kind: str, name: str, location: str) -> str:
    path, _, own = name.rpartition(".")
    return (
        f"{_module_name(module, module.get_submodule(path))} writes its {kind} {own!r} in forward{location}, "
        "so an answer depends on earlier calls; take it as an input and return its new value as an output"
    )


def _module_name(module: nn.Module, part: nn.Module) -> str:
    path = next((name for name, inner in module.named_modules() if inner is part), "")
    kind = type(part).__name__
    return f"module {path!r} ({kind})" if path else kind
