"""Many prompts at once: each call takes the next token of every sequence.

All sequences of a call have the same number of tokens behind them. So the shortest prompts begin, and a
longer one, taken in at once as it would be alone, joins when the others have got as far as it is long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.decoding.decoder import Decoder
from edgeattn_runtime.decoding.prompt import Tokens
from edgeattn_runtime.decoding.search import Continuation, Search
from edgeattn_runtime.decoding.stepper import Logits, Stepper


@dataclass(frozen=True, slots=True)
class Task:
    """A prompt to be continued.

    Attributes:
        begin: int64 (length,), the tokens that the decoder begins with.
        carried: What the encoder gave, one row of it; nothing of a decoder alone.
        search: What continues it.
    """

    begin: Tokens
    carried: Arrays
    search: Search


def run_all(decoder: Decoder, tasks: Sequence[Task], *, width: int) -> None:
    """Run the searches until each has ended."""
    size = len(tasks) if decoder.most_rows is None else decoder.most_rows // width
    for batch in _compatible(decoder, tasks):
        for first in range(0, len(batch), size):
            _run_group(decoder, batch[first : first + size])


def _compatible(decoder: Decoder, tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Yield tasks that may share a call: the encoder gave them tensors of the same sizes."""
    batches: dict[Hashable, list[Task]] = defaultdict(list)
    for task in tasks:
        sizes = tuple((name, array.shape) for name, array in task.carried.items())
        has_rows = set(task.carried) == set(decoder.batch_axes)
        batches[sizes, None if has_rows else id(task)].append(task)
    yield from batches.values()


def _run_group(decoder: Decoder, tasks: Iterable[Task]) -> None:
    waiting = [list(equal) for _, equal in groupby(sorted(tasks, key=_length), _length)]
    while waiting:
        group, logits = _begin(decoder, waiting.pop(0))
        while (tokens := group.advance(logits)) is not None:
            logits = decoder.next_logits(group.step, tokens)
            if waiting and _length(waiting[0][0]) == group.step.length:
                newcomers, first_logits = _begin(decoder, waiting.pop(0))
                group.join(newcomers)
                logits = np.concatenate((logits, first_logits))


def _begin(decoder: Decoder, tasks: Sequence[Task]) -> tuple[_Group, Logits]:
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


def _length(task: Task) -> int:
    return len(task.begin)
