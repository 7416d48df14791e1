"""What an encoder reads, as a caller hands it over: token ids, or one array per source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgeattn_runtime.contract import Arrays, bind, check_inputs
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.graph import INTEGERS, Graph, Symbol
from edgeattn_runtime.prompt import read_tokens

Prompt = Iterable[int] | Mapping[str, object]


def read_sources(prompt: Prompt, encoder: Graph, symbols: Mapping[str, Symbol], *, batch: str) -> Arrays:
    """Return an encoder's inputs for one sequence.

    Args:
        prompt: By name, one array per input of the encoder, of its dtype and dims, with a batch of 1. Where
            its only input is integers (batch, source), token ids will do, 1-D.
        encoder: The contract.
        symbols: The bounds of its symbolic dims.
        batch: The symbol of the batch.

    Raises:
        InputError: Token ids where arrays are expected, inputs that do not keep the contract, or more than
            one sequence.
    """
    named = prompt if isinstance(prompt, Mapping) else _tokens(prompt, encoder)
    arrays = check_inputs(encoder, symbols, named)
    rows = bind(encoder.inputs, arrays).get(batch, 1)
    if rows != 1:
        raise InputError(f"prompt: {rows} sequences found, 1 expected; generate for each by itself")
    return arrays


def _tokens(prompt: Iterable[int], encoder: Graph) -> Mapping[str, object]:
    tensor, *others = encoder.inputs
    if others or tensor.dtype not in INTEGERS or len(tensor.dims) != 2:
        expected = ", ".join(map(str, encoder.inputs))
        raise InputError(
            f"prompt: {type(prompt).__name__} found, a dict of arrays expected by the encoder: {expected}"
        )
    # The vocabulary of a source may be another, and the manifest does not tell it.
    return {tensor.name: [read_tokens("prompt", prompt, vocabulary=None).tolist()]}
