"""A pair of texts: the template of a tokenizer's post-processor for it, and how many tokens are cut."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from edgeattn_runtime.errors import BundleError, InputError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TRUNCATIONS: Final = ("longest_first", "only_first", "only_second")

_ADDING: Final = ("TemplateProcessing", "BertProcessing", "RobertaProcessing")


class Part(NamedTuple):
    """A special token, or all tokens of one of the texts.

    Attributes:
        text: 0 for the first text, 1 for the second; None for a special token.
        id: Of the special token; 0 for a text.
        type: The type id.
    """

    text: int | None
    id: int
    type: int


@dataclass(frozen=True, slots=True)
class PairTemplate:
    """What stands before, between and behind two texts.

    Attributes:
        parts: In order; each text is there once.
    """

    parts: tuple[Part, ...]

    @property
    def added(self) -> int:
        """How many special tokens there are."""
        return len(self.parts) - 2

    @classmethod
    def of(cls, name: str, tokenizer: Tokenizer) -> PairTemplate:
        """Read that of a tokenizer's post-processor.

        Raises:
            BundleError: A text stands there twice or not at all, or several processors add tokens. ``name``
                is the file.
        """
        adding = [step for step in _steps(tokenizer) if step["type"] in _ADDING]
        parts = tuple(_parts(adding[0])) if adding else (Part(0, 0, 0), Part(1, 0, 1))
        texts = sorted(part.text for part in parts if part.text is not None)
        if len(adding) > 1 or texts != [0, 1]:
            raise BundleError(
                f"{name}: no template of a pair found that has each text once, one expected; export again"
            )
        return cls(parts)


def kept(first: int, second: int, *, room: int, truncation: str) -> tuple[int, int]:
    """Return how many of two texts' tokens are kept, as the library tokenizers cuts both to ``room``.

    Raises:
        InputError: The text that may be cut has no token that could stay.
    """
    beyond = first + second - room
    if beyond <= 0:
        return first, second
    if truncation == "longest_first":
        shorter = min(first, second)
        longer = max(shorter, room - shorter)
        if shorter + longer > room:
            shorter, longer = room // 2, room - room // 2
        return (longer, shorter) if first > second else (shorter, longer)
    left = (first if truncation == "only_first" else second) - beyond
    if left <= 0:
        name, count = ("pair", second) if truncation == "only_first" else ("text", first)
        raise InputError(
            f"{name}: {count} tokens found, fewer than {room} expected, as it is never cut; give a part of it"
        )
    return (left, second) if truncation == "only_first" else (first, left)


def check_special_tokens(name: str, tokenizer: Tokenizer) -> None:
    """Check that special tokens of a template have a token for each of their ids: the library takes others.

    Raises:
        BundleError: One has more, or fewer. ``name`` is the file.
    """
    for step in _steps(tokenizer):
        for piece in (*step.get("single", ()), *step.get("pair", ())):
            if "SpecialToken" in piece:
                token = step["special_tokens"].get(piece["SpecialToken"]["id"])
                if token is not None and len(token["tokens"]) != len(token["ids"]):
                    raise BundleError(
                        f"{name}: a special token without a token for each of its ids found; export again"
                    )


def _steps(tokenizer: Tokenizer) -> tuple[Mapping[str, Any], ...]:
    """Return the steps of a tokenizer's post-processor, in order."""
    processor = tokenizer.post_processor
    return () if processor is None else tuple(_leaves(json.loads(processor.__getstate__())))


def _leaves(table: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if table["type"] != "Sequence":
        yield table
        return
    for step in table["processors"]:
        yield from _leaves(step)


def _parts(step: Mapping[str, Any]) -> Iterator[Part]:
    if step["type"] == "TemplateProcessing":
        for piece in step["pair"]:
            if "Sequence" in piece:
                sequence = piece["Sequence"]
                yield Part("AB".index(sequence["id"]), 0, sequence["type_id"])
            else:
                token = piece["SpecialToken"]
                for number in step["special_tokens"][token["id"]]["ids"]:
                    yield Part(None, number, token["type_id"])
        return
    (_, start), (_, end) = step["cls"], step["sep"]
    second = 1 if step["type"] == "BertProcessing" else 0
    yield from (Part(None, start, 0), Part(0, 0, 0), Part(None, end, 0))
    if step["type"] == "RobertaProcessing":
        yield Part(None, end, 0)
    yield from (Part(1, 0, second), Part(None, end, second))
