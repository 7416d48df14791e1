"""The caches that a module may have: which parameter takes it or its position, which mask spans it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping

import torch
from torch import nn

from edgeattn_export.capture.own_cache.cache import OwnCache, PositionArgument, TextRoles
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.tree import InputTree

POSITION_ARGUMENTS: tuple[PositionArgument, ...] = (
    lambda begin, _: begin,
    lambda begin, end: torch.arange(begin, end),  # (S)
    lambda begin, end: torch.arange(begin, end)[None],  # (1, S)
)


def text_roles(samples: Samples, axes: Axes, pieces: Mapping[str, object]) -> Iterator[TextRoles]:
    """Yield the roles that inputs may play, and what the module returns for the first sample by name."""
    first = samples[0].inputs
    for tokens, ids in first.items():
        if ids.dtype.kind not in "iu" or ids.ndim != 2:
            continue
        masks = frozenset(
            name
            for name in samples.names
            if axes.dims[name] == axes.dims[tokens] and name != tokens and _is_mask(samples, name)
        )
        for logits, piece in pieces.items():
            if isinstance(piece, torch.Tensor) and piece.ndim == 3 and piece.shape[:2] == ids.shape:
                for spanning in dict.fromkeys((masks, frozenset[str]())):
                    yield TextRoles(tokens, logits, spanning, axes, samples.beginning)


def _is_mask(samples: Samples, name: str) -> bool:
    values = (sample.inputs[name] for sample in samples)
    return all(value.dtype.kind in "biu" and bool(((value == 0) | (value == 1)).all()) for value in values)


def cache_candidates(module: nn.Module, text: TextRoles, candidates: tuple[str, ...]) -> Iterator[OwnCache]:
    """Yield the caches that a module may have, the likeliest first.

    One of the candidates goes into one parameter, or all of them into as many in a row; where that is not
    enough, one more parameter is given the place of the new tokens.
    """
    free_parameters = _free_parameters(module, text, candidates)
    pairs: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
        ((piece,), (name,)) for name in free_parameters for piece in candidates
    ]
    if len(candidates) > 1:
        in_order = [name for name in inspect.signature(module.forward).parameters if name in free_parameters]
        rows = zip(*(in_order[i:] for i in range(len(candidates))), strict=False)
        pairs += [(candidates, row) for row in rows]
    position_parameters = [name for name in free_parameters if _may_be_position(module, text, name)]
    for positions in (
        {},
        *({name: position} for name in position_parameters for position in POSITION_ARGUMENTS),
    ):
        for outputs, parameters in pairs:
            if not positions.keys() & set(parameters):
                yield OwnCache(
                    module=module,
                    text=text,
                    outputs=outputs,
                    parameters=parameters,
                    positions=positions,
                    left_out=frozenset(outputs),
                )


def _free_parameters(module: nn.Module, text: TextRoles, candidates: tuple[str, ...]) -> list[str]:
    """Return the parameters that may take a cache or a place: what is given no past, or nothing at all."""
    parameters = inspect.signature(module.forward).parameters.values()
    names = [
        parameter.name
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and parameter.name not in text.axes.dims
        and not isinstance(text.beginning.get(parameter.name, parameter.default), bool | InputTree)
    ]
    return sorted(names, key=lambda name: (name not in text.beginning, name not in candidates))


def _may_be_position(module: nn.Module, text: TextRoles, name: str) -> bool:
    value = text.beginning.get(name, inspect.signature(module.forward).parameters[name].default)
    return value is None or isinstance(value, int)
