"""Answer spans: the part of a context that answers a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.fields import Positive, Record
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing.encoding import Encoded
from edgeattn_runtime.processing.labels import Labels, read_output
from edgeattn_runtime.processing.prediction import Given, Prediction, scored
from edgeattn_runtime.processing.tensors import check_kind, find_tensor

_CONTEXT = 1  # the second text of a pair


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSpan(Record):
    """The likeliest part of a pair's second text, by the tokens that begin and end it.

    Attributes:
        start: The output of how likely each token begins the answer, float32 ``[batch, sequence]`` of logits.
        end: Likewise, of how likely each ends it.
        longest: How many tokens an answer has at most.
    """

    start: str
    end: str
    longest: Positive

    TAGS: ClassVar[Mapping[str, object]] = {"kind": "span"}
    needs: ClassVar[Sequence[str]] = ("text", "pair")

    def check(self, _labels: Labels | None, outputs: Mapping[str, Tensor]) -> None:
        """Check that both outputs have a number a token; see ``Reader.check``."""
        tensors = {key: getattr(self, key) for key in ("start", "end")}
        start, end = (find_tensor(f"prediction.{key}", name, outputs) for key, name in tensors.items())
        check_kind("prediction.start", start, ("float32",), 2)
        check_kind("prediction.end", end, ("float32",), 2)
        if start.dims != end.dims:
            raise BundleError(f"processing.prediction.end: {end} found, the dims of {start} expected")

    def read(
        self, _labels: Labels | None, outputs: Mapping[str, object], given: Given
    ) -> list[list[Prediction]]:
        """Return one answer a row, or none where its context has no token; see ``Reader.read``."""
        starts, ends = read_output(self.start, outputs), read_output(self.end, outputs)
        if starts.ndim != 2 or starts.shape != ends.shape:
            raise InputError(
                f"{self.end}: {list(ends.shape)} found for {list(starts.shape)}, [batch, sequence] expected"
            )
        if given.pairs is None or len(given.pairs) != len(starts):
            pairs = "no pairs" if given.pairs is None else f"{len(given.pairs)} pairs"
            raise InputError(f"{self.start}: {pairs} found for {list(starts.shape)}, one a row expected")
        return [self._row(*row) for row in zip(starts, ends, given.pairs, strict=True)]

    def _row(self, starts: NDArray[np.float32], ends: NDArray[np.float32], pair: Encoded) -> list[Prediction]:
        if len(pair.ids) > len(starts):
            raise InputError(
                f"{self.start}: {len(starts)} tokens found, the {len(pair.ids)} of its pair expected"
            )
        texts = [text for text, _ in pair.places]
        own = [i for i, text in enumerate(texts) if text == _CONTEXT]
        if not own:
            return []
        counted = own if texts[0] is not None else [0, *own]  # with the token that stands for no answer
        begins = scored(self.start, starts[counted], "softmax")[-len(own) :]
        closes = scored(self.end, ends[counted], "softmax")[-len(own) :]
        first, last = self._best(starts[own].astype(np.float64), ends[own].astype(np.float64))
        spans = [span for span in pair.spans()[own[first] : own[last] + 1] if span is not None]
        if not spans:  # blanks
            return []
        begin, end = spans[0].begin, spans[-1].end
        score = float(begins[first] * closes[last])
        return [Prediction(score=score, text=pair.texts[_CONTEXT][begin:end], span=(begin, end))]

    def _best(self, starts: NDArray[np.float64], ends: NDArray[np.float64]) -> tuple[int, int]:
        """Return the tokens of the largest sum; of equal ones the first that begins, then that ends."""
        best, more = starts + ends, np.zeros(len(starts), np.intp)
        for length in range(1, min(self.longest, len(starts))):
            sums = starts[:-length] + ends[length:]
            better = sums > best[:-length]
            best[:-length][better] = sums[better]
            more[:-length][better] = length
        first = int(best.argmax())
        return first, first + int(more[first])
