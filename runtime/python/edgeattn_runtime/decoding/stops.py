"""What ends a sequence: a token, or several in a row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from edgeattn_runtime.bundle.generation_options import SettledOptions
from edgeattn_runtime.decoding.prompt import read_tokens

Ids = tuple[int, ...]


class Stops:
    """Sequences of tokens, each of which ends the one that it stands at the end of."""

    def __init__(self, sequences: Iterable[Ids]) -> None:
        self._sequences = tuple(sorted(set(sequences), key=len, reverse=True))
        self._by_last: dict[int, list[Ids]] = defaultdict(list)
        for sequence in self._sequences:
            self._by_last[sequence[-1]].append(sequence)

    @classmethod
    def read(cls, options: SettledOptions, vocabulary: int) -> Stops:
        """Read what a caller says.

        Raises:
            InputError: An empty sequence, or an id outside the vocabulary.
        """
        single = read_tokens("stop", options.stop, vocabulary=vocabulary, least=0).tolist()
        several = (
            read_tokens(f"stop_sequences[{i}]", sequence, vocabulary=vocabulary).tolist()
            for i, sequence in enumerate(options.stop_sequences)
        )
        return cls([*((token,) for token in single), *map(tuple, several)])

    @property
    def longest(self) -> int:
        """The most tokens of a stop, at least 1."""
        return max(map(len, self._sequences), default=1)

    @property
    def last_tokens(self) -> int:
        """The number of different tokens that may end a sequence."""
        return len(self._by_last)

    def stop_length(self, tokens: Sequence[int]) -> int:
        """Return how many of the last tokens end the sequence: the longest stop; 0 where none does."""
        for sequence in self._by_last.get(tokens[-1], ()):
            if tuple(tokens[-len(sequence) :]) == sequence:
                return len(sequence)
        return 0

    def partial_length(self, tokens: Sequence[int]) -> int:
        """Return how many of the last tokens may turn out to be the beginning of a stop."""
        return max((_overlap(tokens, sequence) for sequence in self._sequences), default=0)


def _overlap(tokens: Sequence[int], sequence: Ids) -> int:
    """Return the most of a sequence's first tokens, but not all, that ``tokens`` ends with."""
    for length in range(min(len(sequence) - 1, len(tokens)), 0, -1):
        if tuple(tokens[-length:]) == sequence[:length]:
            return length
    return 0
