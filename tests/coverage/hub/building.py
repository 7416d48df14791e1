"""A family's model, as small as it still has attention, and the inputs that it runs on in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from hub.attentions import attentions
from hub.catalog import LIBRARIES
from hub.inputs import Makers, samples
from hub.outcome import Family
from torch import nn

LARGEST = 130e6  # parameters of what counts as small
LARGEST_INPUT = 2e6  # numbers of an input that does
SHIFT = 0.2  # standard deviation of what is added to biases, scales and the like


class NotBuiltError(Exception):
    """A family cannot be built, or not called, in any way that is tried; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Built:
    """A module in eval mode, its inputs, and the attentions that it computes in one call."""

    module: nn.Module
    makers: Makers
    attentions: int


def built(family: Family) -> Built:
    """Build a family, and find how it is called; without attention only where it never has any.

    Raises:
        NotBuiltError: With what the first attempt failed of.
    """
    library = LIBRARIES[family.library]
    failure, without = "", None
    for attempt in library.attempts(family.name):
        try:
            module = _made(attempt)
            makers = _called(module, library.ways(module))
        except Exception as error:  # whatever a library raises: the next attempt may fare better
            failure = failure or _told(error)
            continue
        found = Built(module, makers, attentions(module, samples(makers, 0)[0]))
        if found.attentions:
            return found
        without = without or found
    if without is None:
        raise NotBuiltError(failure)
    return without


def _made(attempt: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    module = attempt().eval()
    size = sum(parameter.numel() for parameter in module.parameters())
    if size > LARGEST:
        raise NotBuiltError(f"{size / 1e6:.0f} M parameters")
    _draw(module)
    return module


def _called(module: nn.Module, ways: Iterator[Makers]) -> Makers:
    """Return the first way in which the module takes samples of every size."""
    failure = "no input of its forward is known"
    for i, makers in enumerate(ways):
        try:
            with torch.no_grad():
                for inputs in samples(makers, 0):
                    _check_small(inputs)
                    module(**inputs)
        except Exception as error:
            failure = failure if i else f"{', '.join(makers)}: {_told(error)}"
        else:
            return makers
    raise NotBuiltError(failure)


def _check_small(inputs: Mapping[str, torch.Tensor]) -> None:
    for name, value in inputs.items():
        if value.numel() > LARGEST_INPUT:
            dims = " x ".join(map(str, value.shape))
            raise NotBuiltError(f"{name} of {dims}, which its configuration does not make smaller")


def _draw(module: nn.Module) -> None:
    """Draw weights that keep the scale of what they multiply; move the others off their initial values."""
    with torch.no_grad():
        for parameter in filter(torch.is_floating_point, module.parameters()):
            if parameter.ndim > 1 and parameter.numel():
                parameter.normal_(std=parameter[0].numel() ** -0.5)
            else:
                parameter.add_(SHIFT * torch.randn_like(parameter))


def _told(error: Exception) -> str:
    message = " ".join(str(error).split())
    return message if isinstance(error, NotBuiltError) else f"{type(error).__name__}: {message}"
