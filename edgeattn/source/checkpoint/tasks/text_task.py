"""What tasks of texts have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

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

    Attributes:
        roles: Those of a row's text, or of both texts of a pair.
        truncation: Which text of a pair is cut; None where they are single.

    Raises:
        ValueError: The network takes no texts, or there is no tokenizer.
    """

    takes: ClassVar[str] = "input_ids"
    needed: ClassVar[Sequence[str]] = ("text",)

    roles: tuple[str, ...] = ("text",)
    truncation: str | None = None

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
        texts = [self.texts(row) for row in self.rows]
        self.add_processing(text=self.tokens.processing(texts, self.truncation))

    def say_pairs(self, first: str, second: str, truncation: str) -> None:
        """Have the bundle take pairs of texts likewise.

        Args:
            first: The role of the first text.
            second: That of the other.
            truncation: Which of them is cut where the checkpoint does not say: "longest_first",
                "only_first" or "only_second".
        """
        self.roles, self.truncation = (first, second), self.tokens.truncation(truncation)
        self.say_text()

    def texts(self, row: Row) -> tuple[str, ...]:
        """Return a row's text, or the texts of its pair."""
        return tuple(row[role] for role in self.roles)

    def encoded(self, row: Row, **options: Any) -> Any:
        """Return all that the tokenizer makes of a row."""
        cut = {} if self.truncation is None else {"truncation": self.truncation}
        return self.tokens.encoded(*self.texts(row), **cut, **options)

    def samples(self) -> Iterator[object]:
        """Yield the inputs of each row, int64 (1, S)."""
        for row in self.rows:
            yield self.tokens.inputs(self.encoded(row))

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield the texts as they are, where the bundle takes texts."""
        if "text" in (self.processing or {}):
            for row in self.rows:
                yield dict(zip(("text", "pair"), self.texts(row), strict=False))
