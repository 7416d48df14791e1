"""What tasks of texts have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor, nn

from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.task import Task
from edgeattn.source.checkpoint.tokens import Tokens


class TextTask(Task):
    """Texts into a network.

    Args:
        rows: With ``text``; none where arrays are the inputs, which need no tokenizer.
        network: With its weights.
        longest: Tokens that a text is cut to, in place of the tokenizer's own.

    Attributes:
        reads: Inputs of the network; empty for all that the tokenizer makes and it takes.
        roles: Those of a row's text, or of both texts of a pair.
        truncation: Which text of a pair is cut; None where they are single.

    Raises:
        ValueError: The network takes no texts, or there is no tokenizer.
    """

    needed: ClassVar[Sequence[str]] = ("text",)

    reads: ClassVar[Sequence[str]] = ()
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
        self.network = network
        self._open_tokens = partial(Tokens, folder, network, longest, self.reads)
        if rows:
            self.dynamic = self.tokens.dynamic

    @cached_property
    def tokens(self) -> Tokens:
        """The checkpoint's tokenizer."""
        return self._open_tokens()

    def say_text(self) -> None:
        """Have the bundle take texts, where it splits and cuts them as the checkpoint does."""
        if self.rows:
            texts = [self.texts(row) for row in self.rows]
            self.token_counts = self.tokens.counts(texts, self.truncation)
            self.add_processing(text=self.tokens.processing(texts, self.truncation))

    def say_pairs(self, first: str, second: str, truncation: str) -> None:
        """Have the bundle take pairs of texts likewise.

        Args:
            first: The role of the first text.
            second: That of the other.
            truncation: Which of them is cut where the checkpoint does not say: "longest_first",
                "only_first" or "only_second".
        """
        if self.rows:
            self.roles, self.truncation = (first, second), self.tokens.truncation(truncation)
            self.say_text()

    def texts(self, row: Row) -> tuple[str, ...]:
        """Return a row's text, or the texts of its pair."""
        return tuple(row[role] for role in self.roles)

    def encoded(self, row: Row, **options: Any) -> Any:
        """Return all that the tokenizer makes of a row."""
        cut = {} if self.truncation is None else {"truncation": self.truncation}
        return self.tokens.encoded(*self.texts(row), **cut, **options)

    def inputs(self, row: Row) -> Mapping[str, Tensor]:
        """Return the inputs of a row, int64 (1, S)."""
        return self.tokens.inputs(self.encoded(row))

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield the texts as they are, where the bundle takes texts."""
        if "text" in (self.processing or {}):
            for row in self.rows:
                yield dict(zip(("text", "pair"), self.texts(row), strict=False))
