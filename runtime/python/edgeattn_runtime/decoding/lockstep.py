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
from edgeattn_runtime.decoding.search import Continuation, Search
from edgeattn_runtime.prompt import Tokens
from edgeattn_runtime.stepping import Logits, Stepper


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


def run_all(opened: Decoder, tasks: Sequence[Task], *, width: int) -> None:
    """Run the searches until each has ended.

    Args:
        opened: What answers them.
        tasks: The prompts.
        width: The most rows that a search asks for.
    """
    most = len(tasks) if opened.most_rows is None else opened.most_rows // width
    for alike in _compatible(opened, tasks):
        for first in range(0, len(alike), most):
            _run_group(opened, alike[first : first + most])


def _compatible(opened: Decoder, tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Yield tasks that may share a call: the encoder gave them tensors of the same sizes."""
    groups: dict[Hashable, list[Task]] = defaultdict(list)
    for task in tasks:
        sizes = tuple((name, array.shape) for name, array in task.carried.items())
        alone = None if set(task.carried) == set(opened.batch_axes) else id(task)
        groups[sizes, alone].append(task)
    yield from groups.values()


def _run_group(opened: Decoder, tasks: Iterable[Task]) -> None:
    waiting = [list(group) for _, group in groupby(sorted(tasks, key=_length), _length)]
    while waiting:
        together, logits = _begin(opened, waiting.pop(0))
        while (tokens := together.advance(logits)) is not None:
            logits = opened.behind(together.step, tokens)
            if waiting and _length(waiting[0][0]) == together.step.held:
                others, behind = _begin(opened, waiting.pop(0))
                together.join(others)
                logits = np.concatenate((logits, behind))


def _begin(opened: Decoder, tasks: Sequence[Task]) -> tuple[_Group, Logits]:
    step, logits = opened.prefill([task.begin for task in tasks], [task.carried for task in tasks])
    return _Group(step, [task.search for task in tasks]), logits


class _Group:
    """Searches whose rows stand behind one another in a stepper, each at first with one.

    Args:
        step: The decoder and their cache.
        searches: In the order of its rows.
    """

    def __init__(self, step: Stepper, searches: Sequence[Search]) -> None:
        self.step = step
        self._searches = list(searches)
        self._widths = [1] * len(searches)

    def advance(self, logits: Logits) -> Tokens | None:
        """Hand the logits (rows, vocabulary) out; return the next tokens (rows, 1), None where all end."""
        ends = np.cumsum(self._widths)
        parts = np.split(logits, ends[:-1])
        asked = [search.advance(part) for search, part in zip(self._searches, parts, strict=True)]
        going = [
            (search, begin, each)
            for search, begin, each in zip(self._searches, ends - self._widths, asked, strict=True)
            if each is not None
        ]
        if not going:
            return None
        continued = [each for _, _, each in going]
        self._move(np.concatenate([begin + each.rows for _, begin, each in going]), continued)
        self._searches = [search for search, _, _ in going]
        self._widths = [len(each.rows) for each in continued]
        return np.concatenate([each.tokens for each in continued])[:, np.newaxis]

    def join(self, others: _Group) -> None:
        """Take others in, that have as many tokens."""
        self.step.join(others.step)
        self._searches += others._searches
        self._widths += others._widths

    def _move(self, rows: Tokens, continued: Sequence[Continuation]) -> None:
        if [len(each.rows) for each in continued] == self._widths:  # each search stays in its places
            self.step.reorder(rows, shared=min(each.shared for each in continued))
        else:
            self.step.keep(rows)


def _length(task: Task) -> int:
    return len(task.begin)
