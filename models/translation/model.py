"""A Transformer that turns dates and numbers, as seven languages write them, into their normal form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from transformer import PAD, Config, Transformer, padding_mask

HERE = Path(__file__).parent
HELD_OUT = HERE / "samples.tsv"
START, END = 1, 2
LATIN = " ,-.0123456789ADFJMNOSTWabcdefghijklmnopqrstuvwxyzßáäéëìóöûü"
CYRILLIC = "абвгдеиклмнопрстуфцчшыьюя"
CHARACTERS = LATIN + CYRILLIC  # all that the seven languages need
FIRST_CHARACTER = 3  # the ids before it are PAD, START and END
ANSWER = 11  # characters of the longest answer, an ISO date, and its end

dynamic = {"source": ("batch", "source"), "target": ("batch", "target")}
budget = {"r2": 0.98, "metric_drop": 0.005}
card = {
    "description": "Turns dates and numbers, as seven languages write them, into their normal form.",
    "license": "apache-2.0",
}
processing = {
    "text": {
        "tokenizer": HERE / "tokenizer.json",  # of the same characters: make_tokenizer.py
        "ids": "source",
        "mask": None,
        "types": None,
        "longest": None,
    }
}


@dataclass(frozen=True)
class Pair:
    """A text, as written in a language, and its normal form: "mardi 24 novembre 2026" and "2026-11-24"."""

    language: str
    source: str
    target: str


def encode_text(text: str) -> Tensor:
    """Return the ids of the characters of `text`, int64 (1, S).

    Raises:
        ValueError: a character that the vocabulary lacks.
    """
    unknown = sorted(set(text) - set(CHARACTERS))
    if unknown:
        raise ValueError(f"{text!r}: {''.join(unknown)!r} found; expected characters of {CHARACTERS!r}")
    return torch.tensor([[FIRST_CHARACTER + CHARACTERS.index(c) for c in text]], dtype=torch.long)  # (1, S)


def encode_answer(text: str) -> Tensor:
    """Return the ids of `text` from START to END, int64 (1, T + 1): all but the last are the target."""
    return torch.cat((torch.tensor([[START]]), encode_text(text), torch.tensor([[END]])), dim=1)  # (1, T + 1)


def decode_text(tokens: Tensor) -> str:
    """Return the text of `tokens`, int64 (T,), up to the first END."""
    ids = tokens.tolist()
    said = ids[: ids.index(END)] if END in ids else ids
    return "".join(CHARACTERS[i - FIRST_CHARACTER] for i in said if i >= FIRST_CHARACTER)


@torch.inference_mode()
def greedy(module: Transformer, source: Tensor) -> Tensor:
    """Answer `source`, int64 (B, S), with the likeliest character each time: int64 (B, T), at most ANSWER."""
    memory, source_mask = module.encoder(source), padding_mask(source)
    target = source.new_full((len(source), 1), START)  # (B, 1)
    ended = source.new_zeros(len(source), dtype=torch.bool)
    while target.size(1) <= ANSWER and not ended.all():
        following = module.decoder(target, memory, source_mask)[:, -1].argmax(dim=-1)  # (B,)
        target = torch.cat((target, following.unsqueeze(1)), dim=1)  # (B, T + 1)
        ended |= following == END
    return target[:, 1:]  # (B, T)


def untrained() -> Transformer:
    """Return the network with random weights."""
    return Transformer(Config(vocabulary=FIRST_CHARACTER + len(CHARACTERS)))


def model() -> Transformer:
    """Return the trained network, in eval mode."""
    network = untrained()
    network.load_state_dict(load_file(HERE / "weights.safetensors"))
    return network.eval()


def held_out() -> list[Pair]:
    """Return the pairs of samples.tsv, whose dates and numbers training saw in no language."""
    return [Pair(*line.split("\t")) for line in HELD_OUT.read_text(encoding="utf-8").splitlines()]


def samples() -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """Yield the held-out pairs one by one: `source`, int64 (1, S), `target`, int64 (1, T), and what follows.

    What follows is the target moved up by a character, int64 (1, T): "2026-11-24" and END.
    """
    for pair in held_out():
        answer = encode_answer(pair.target)  # (1, T + 1)
        yield {"source": encode_text(pair.source), "target": answer[:, :-1]}, answer[:, 1:]


def raw() -> Iterator[dict[str, str]]:
    """Yield the same texts as their languages write them."""
    for pair in held_out():
        yield {"text": pair.source}


def metric(outputs: dict[str, Tensor], target: Tensor) -> float:
    """Return the share of characters predicted right, those before them being given; padding is left out."""
    right = outputs["logits"].argmax(dim=-1) == target  # (B, T)
    return right[target != PAD].float().mean().item()


def pretty(outputs: dict[str, Tensor]) -> str:
    """Return the predicted characters as text, such as "2026-11-24"."""
    return decode_text(outputs["logits"][0].argmax(dim=-1))
