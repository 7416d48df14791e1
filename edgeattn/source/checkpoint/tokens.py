"""A checkpoint's tokenizer: texts of real lengths, cut as it says."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoTokenizer

from edgeattn.source.checkpoint.from_folder import from_folder
from edgeattn.source.checkpoint.own_files import check_tokenizer_files, read_json
from edgeattn.source.checkpoint.token_counts import TokenCounts, count_tokens

UNLIMITED = 10**6  # tokens: beyond it, a tokenizer's model_max_length stands for none
TRUNCATIONS = {"OnlyFirst": "only_first", "OnlySecond": "only_second"}  # by their names in tokenizer.json


def load_tokenizer(folder: Path) -> Any:
    """Return a folder's tokenizer.

    Raises:
        ValueError: It is code of the folder's own, or has files outside of it.
    """
    check_tokenizer_files(folder)
    return from_folder(AutoTokenizer, folder)


class Tokens:
    """Texts as a network takes them.

    Args:
        folder: Holds the tokenizer.
        network: What takes its tokens.
        longest: Tokens that a text is cut to, in place of the tokenizer's own.
        names: The network's inputs; empty for all that the tokenizer makes and it takes.

    Raises:
        ValueError: There is no tokenizer.
    """

    def __init__(
        self, folder: Path, network: nn.Module, longest: int | None = None, names: Sequence[str] = ()
    ) -> None:
        self.file = folder / "tokenizer.json"
        if not any(folder.glob("*token*")) and not any(folder.glob("vocab*")):
            raise ValueError("no tokenizer found, such as tokenizer.json; save it there with save_pretrained")
        self.tokenizer: Any = load_tokenizer(folder)
        takes = signature(network.forward).parameters
        made = self.tokenizer.model_input_names
        self.names = list(names) or [name for name in made if name in takes]
        self.longest = longest or _longest(self.tokenizer, network)

    @property
    def dynamic(self) -> dict[str, tuple[str, str]]:
        """The axes of all inputs."""
        return dict.fromkeys(self.names, ("batch", "sequence"))

    def encode(self, *texts: str, **options: Any) -> dict[str, Tensor]:
        """Return the inputs of a text or of a pair, int64 (1, S)."""
        return self.inputs(self.encoded(*texts, **options))

    def inputs(self, encoded: Any) -> dict[str, Tensor]:
        """Return the inputs among what the tokenizer made, int64 (1, S)."""
        return {name: encoded[name] for name in self.names}

    def encode_all(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """Return the inputs of several texts, int64 (B, S), the shorter ones padded with 0 at the end."""
        rows = [self.encode(text) for text in texts]
        longest = max(row["input_ids"].shape[1] for row in rows)
        return {
            name: torch.cat([nn.functional.pad(row[name], (0, longest - row[name].shape[1])) for row in rows])
            for name in self.names
        }

    def encoded(self, *texts: str, **options: Any) -> Any:
        """Return all that the tokenizer makes of a text or of a pair."""
        cut = {"truncation": True, "max_length": self.longest} if self.longest else {}
        return self.tokenizer(*texts, return_tensors="pt", **{**cut, **options})

    def counts(self, texts: Iterable[tuple[str, ...]], truncation: str | None = None) -> TokenCounts:
        """Count what becomes of single texts, or of pairs; arguments are those of ``processing``."""
        cut = {} if truncation is None else {"truncation": truncation}
        encodings = (
            (" ".join(each), self.encoded(*each, **cut, return_special_tokens_mask=True)) for each in texts
        )
        name = f"{type(self.tokenizer).__name__} of {self.file.parent.name}"
        return count_tokens(name, encodings, self.tokenizer.unk_token_id)

    def truncation(self, otherwise: str) -> str:
        """Return which text of a pair is cut: the one that tokenizer.json names, else ``otherwise``."""
        if not self.file.is_file():
            return otherwise
        settings = read_json(self.file).get("truncation") or {}
        return TRUNCATIONS.get(settings.get("strategy", ""), otherwise)

    def processing(
        self, texts: Iterable[tuple[str, ...]], truncation: str | None = None
    ) -> dict[str, Any] | None:
        """Return what a bundle says of texts; None, with a warning, where it would take them otherwise.

        Args:
            texts: Those of the samples, single ones or pairs.
            truncation: Which text of a pair is cut; None where they are single.
        """
        reason = self._difference(texts, truncation)
        if reason is not None:
            warnings.warn(f"{reason}: the bundle takes token ids, and no text", stacklevel=2)
            return None
        inputs = {name: name if name in self.names else None for name in ("attention_mask", "token_type_ids")}
        return {
            "tokenizer": self.file,
            "ids": "input_ids",
            "mask": inputs["attention_mask"],
            "types": inputs["token_type_ids"],
            "longest": self.longest,
            **({} if truncation is None else {"pair": {"truncation": truncation}}),
        }

    def _difference(self, texts: Iterable[tuple[str, ...]], truncation: str | None) -> str | None:
        """Say how tokenizer.json by itself differs from the checkpoint's tokenizer."""
        if not self.file.is_file():
            return "no tokenizer.json found"
        plain = Tokenizer.from_file(str(self.file))
        plain.no_padding()
        plain.no_truncation()
        strategy = {} if truncation is None else {"strategy": truncation}
        if self.longest:
            plain.enable_truncation(self.longest, **strategy)
        cut = {} if truncation is None else {"truncation": truncation}
        for each in texts:
            first, second = each if len(each) == 2 else (*each, None)
            if plain.encode(first, second).ids != self.encoded(*each, **cut)["input_ids"][0].tolist():
                name = type(self.tokenizer).__name__
                return f"tokenizer.json splits or cuts {each[0][:40]!r} otherwise than {name}"
        return None


def _longest(tokenizer: Any, network: nn.Module) -> int | None:
    """Return how many tokens a text may have, by what the tokenizer says and by the network's positions."""
    limits = [tokenizer.model_max_length] if tokenizer.model_max_length < UNLIMITED else []
    positions = getattr(network.config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        tables = (part for name, part in network.named_modules() if name.endswith("position_embeddings"))
        table = next(tables, None)
        padding = getattr(table, "padding_idx", None)  # where positions begin behind it
        limits.append(positions if padding is None else positions - padding - 1)
    return min(limits, default=None)
