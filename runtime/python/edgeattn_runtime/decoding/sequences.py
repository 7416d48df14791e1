"""Generation of many prompts at once, and with beams: whole sequences with their scores.

All sequences of a call have the same number of past tokens. The shortest prompts begin, and a longer one,
prefilled as on its own, joins when the others are as long.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Unpack

import numpy as np

from edgeattn_runtime.bundle.generation_options import NO_OPTIONS, GenerationOptions, NamedOptions
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.decoding.decoder import Decoder
from edgeattn_runtime.decoding.prompt import Prompt, Tokens
from edgeattn_runtime.decoding.request import Request
from edgeattn_runtime.decoding.search import Continuation, Hypothesis, Search
from edgeattn_runtime.decoding.stepper import Logits, Stepper
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import Model


def generate_many(
    bundle: str | os.PathLike[str] | Model,
    prompts: Iterable[Prompt] | Mapping[str, object],
    options: GenerationOptions | None = None,
    **named: Unpack[NamedOptions],
) -> list[list[Hypothesis]]:
    """Continue many prompts at once, of any lengths, each as on its own; with beams where asked for.

    Every call of the decoder takes the next token of all of them, as far as its contract and what the encoder
    gave let them share one. int8 graphs scale the activations of a call together, so that there a close
    choice may turn by what else is in the call; float graphs answer the same.

    Args:
        bundle: The folder, or the loaded model.
        prompts: One or more, each as ``generate`` takes it; or, of an encoder-decoder, one array per source
            with all of them in its batch, padded as the encoder expects it.
        options: See ``GenerationOptions``.
        named: Options by name; they go before ``options``, and these before the bundle's.

    Returns:
        For each prompt its sequences, the best first.

    Raises:
        InputError: There is no prompt, or as ``generate`` does; its message names the prompt.
        BundleError: The bundle is not whole, or a graph fails on inputs that its contract allows.
        IncompatibleRuntimeError: No variant runs with the engine and execution providers of this device.
    """
    decoder = Decoder(bundle)
    request = Request.of(decoder, GenerationOptions(**named).over(options or NO_OPTIONS))
    labeled = _label_prompts(decoder, prompts)
    begins = [decoder.first_tokens(name, prompt, request.start) for name, prompt in labeled]
    encoder = decoder.encoder
    sources = [{} if encoder is None else encoder.read(name, prompt) for name, prompt in labeled]
    limits = [decoder.limit(request.options.max_new_tokens, len(begin)) for begin in begins]
    longest = max(len(begin) + limit for begin, limit in zip(begins, limits, strict=True))
    width = request.options.num_beams
    decoder.check_memory(total=longest - 1, batch=len(labeled) * width)  # the last token is never fed
    tasks = [
        _Task(begin, {} if encoder is None else encoder.run(source), request.search(begin, limit, row))
        for row, (begin, source, limit) in enumerate(zip(begins, sources, limits, strict=True))
    ]
    _run_all(decoder, tasks, width=width)
    return [task.search.hypotheses for task in tasks]


def _label_prompts(
    decoder: Decoder, prompts: Iterable[Prompt] | Mapping[str, object]
) -> list[tuple[str, Prompt]]:
    """Return the prompts one by one, each with what messages call it."""
    if isinstance(prompts, Mapping):
        if decoder.encoder is None:
            raise decoder.no_sources("prompts")
        rows: list[Prompt] = [*decoder.encoder.rows("prompts", prompts)]
    else:
        try:
            rows = list(prompts)
        except TypeError as error:
            raise InputError(
                f"prompts: {type(prompts).__name__} found, a list of prompts expected"
            ) from error
    if not rows:
        raise InputError("prompts: none found, at least 1 expected")
    return [(f"prompts[{i}]", row) for i, row in enumerate(rows)]


@dataclass(frozen=True, slots=True)
class _Task:
    """A prompt to be continued.

    Attributes:
        begin: int64 (length,), the tokens that the decoder begins with.
        carried: What the encoder gave, one row of it; nothing without an encoder.
        search: What continues it.
    """

    begin: Tokens
    carried: Arrays
    search: Search


def _run_all(decoder: Decoder, tasks: Sequence[_Task], *, width: int) -> None:
    """Run the searches until each has ended."""
    size = len(tasks) if decoder.most_rows is None else decoder.most_rows // width
    for batch in _compatible(decoder, tasks):
        for first in range(0, len(batch), size):
            _run_group(decoder, batch[first : first + size])


def _compatible(decoder: Decoder, tasks: Iterable[_Task]) -> Iterator[list[_Task]]:
    """Yield tasks that may share a call: the encoder gave them tensors of the same sizes."""
    batches: dict[Hashable, list[_Task]] = defaultdict(list)
    for task in tasks:
        sizes = tuple((name, array.shape) for name, array in task.carried.items())
        has_rows = set(task.carried) == set(decoder.batch_axes)
        batches[sizes, None if has_rows else id(task)].append(task)
    yield from batches.values()


def _run_group(decoder: Decoder, tasks: Iterable[_Task]) -> None:
    waiting = [list(equal) for _, equal in groupby(sorted(tasks, key=_length), _length)]
    while waiting:
        group, logits = _begin(decoder, waiting.pop(0))
        while (tokens := group.advance(logits)) is not None:
            logits = decoder.next_logits(group.step, tokens)
            if waiting and _length(waiting[0][0]) == group.step.length:
                newcomers, first_logits = _begin(decoder, waiting.pop(0))
                group.join(newcomers)
                logits = np.concatenate((logits, first_logits))


def _begin(decoder: Decoder, tasks: Sequence[_Task]) -> tuple[_Group, Logits]:
    step, logits = decoder.prefill([task.begin for task in tasks], [task.carried for task in tasks])
    return _Group(step, [task.search for task in tasks]), logits


class _Group:
    """Searches whose rows stand behind one another in a stepper, each at first with one."""

    def __init__(self, step: Stepper, searches: Sequence[Search]) -> None:
        self.step = step
        self._searches = list(searches)
        self._widths = [1] * len(searches)

    def advance(self, logits: Logits) -> Tokens | None:
        """Hand the logits (rows, vocabulary) out; return the next tokens (rows, 1), None where all end."""
        bounds = np.cumsum(self._widths)
        first_rows = bounds - self._widths
        searches, rows, continuations = [], [], []
        parts = np.split(logits, bounds[:-1])
        for search, first_row, part in zip(self._searches, first_rows, parts, strict=True):
            continuation = search.advance(part)
            if continuation is not None:
                searches.append(search)
                rows.append(first_row + continuation.rows)
                continuations.append(continuation)
        if not searches:
            return None
        self._move(np.concatenate(rows), continuations)
        self._searches = searches
        self._widths = [len(continuation.rows) for continuation in continuations]
        return np.concatenate([continuation.tokens for continuation in continuations])[:, np.newaxis]

    def join(self, newcomers: _Group) -> None:
        """Take searches in that have as many tokens."""
        self.step.join(newcomers.step)
        self._searches += newcomers._searches
        self._widths += newcomers._widths

    def _move(self, rows: Tokens, continuations: Sequence[Continuation]) -> None:
        if [len(each.rows) for each in continuations] == self._widths:  # each search stays in its places
            self.step.reorder(rows, shared=min(each.shared for each in continuations))
        else:
            self.step.keep(rows)


def _length(task: _Task) -> int:
    return len(task.begin)
