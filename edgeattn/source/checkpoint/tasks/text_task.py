"""What tasks of texts have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from torch import nn

from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.task import Task
from edgeattn.source.checkpoint.tokens import Tokens


class TextTask(Task):
    """Texts into a network.

    Args:
        folder: The checkpoint.
        rows: With ``text``.
        network: With its weights.
        longest: Tokens that a text is cut to, in place of the tokenizer's own.

    Raises:
        ValueError: The network takes no texts, or there is no tokenizer.
    """

    takes: ClassVar[str] = "input_ids"
    needed: ClassVar[Sequence[str]] = ("text",)

    def __init__(
        self, folder: Path, rows: Sequence[Row], network: nn.Module, longest: int | None = None
    ) -> None:
        takes = getattr(network, "main_input_name", "input_ids")
        if takes != "input_ids":
            name = type(network).__name__
            raise ValueError(f"{name} takes {takes}: a class for texts expected; write a model file")
        super().__init__(folder, rows)
        self.network, self.tokens = network, Tokens(folder, network, longest)
        self.dynamic = self.tokens.dynamic

    def say_text(self) -> None:
        """Have the bundle take texts, where it splits and cuts them as the checkpoint does."""
        self.add_processing(text=self.tokens.processing([row["text"] for row in self.rows]))

    def samples(self) -> Iterator[object]:
        """Yield the inputs of each text, int64 (1, S)."""
        for row in self.rows:
            yield self.tokens.encode(row["text"])

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield the texts as they are, where the bundle takes texts."""
        if "text" in (self.processing or {}):
            yield from ({"text": row["text"]} for row in self.rows)
