"""Question answering: where in a text the answer to a question begins and ends."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.text_task import TextTask
from edgeattn.source.checkpoint.transformers_folder import load_network

OUTPUTS = {"start": "start_logits", "end": "end_logits"}
BEAMS = {
    "FlaubertForQuestionAnswering",
    "XLMForQuestionAnswering",
    "XLNetForQuestionAnswering",
}  # in place of logits
LONGEST = 15  # tokens of an answer, as in transformers' pipeline


class QuestionAnswering(TextTask):
    """A reader: ``start_logits`` and ``end_logits`` (B, S), by which the bundle finds the answer.

    Args:
        rows: ``question`` and ``context``, and where there is any ``answer``, a part of the context or empty.
    """

    needed = ("question", "context")
    optional = ("answer",)
    judged_by = "answer"

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        super().__init__(folder, rows, load_network(folder))
        if self.has("answer"):
            self.metric = answer_match
        self.say_pairs("question", "context", "only_second")
        if "text" in (self.processing or {}) and type(self.network).__name__ not in BEAMS:
            self.add_processing(prediction={"kind": "span", **OUTPUTS, "longest": LONGEST})

    def target(self, row: Row) -> Mapping[str, Any]:
        """Return the answer, the context, and where its tokens lie there."""
        encoded = self.encoded(row, return_offsets_mapping=True)
        offsets = encoded["offset_mapping"][0].tolist()
        spans = [
            tuple(span) if part == 1 else None
            for span, part in zip(offsets, encoded.sequence_ids(0), strict=True)
        ]
        return {"context": row["context"], "spans": spans, "answer": row["answer"]}


def answer_match(outputs: Mapping[str, Tensor], target: Mapping[str, Any]) -> float:
    """Return the exact match of the likeliest answer, empty where it lies outside the context."""
    start, end = (int(outputs[name][0].argmax()) for name in OUTPUTS.values())
    first, last = target["spans"][start], target["spans"][end]
    inside = first is not None and last is not None and start <= end
    return exact_match(target["context"][first[0] : last[1]] if inside else "", target["answer"])


_ARTICLES = re.compile(r"\b(a|an|the)\b")


def exact_match(predicted: str, expected: str) -> float:
    """Return 1 where only case, punctuation, articles and blanks differ (Rajpurkar et al. 2016)."""
    return float(_normal(predicted) == _normal(expected))


def _normal(text: str) -> str:
    plain = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return " ".join(_ARTICLES.sub(" ", plain).split())
