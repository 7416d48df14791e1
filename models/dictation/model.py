"""A Transformer that takes down spoken phrases and numbers, letter by letter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file
from sound import BANDS, FLOOR, FRAME, HOP, RATE, STACK, decoded, features
from speech_transformer import Config, SpeechTransformer, padding_mask
from torch import Tensor

HERE = Path(__file__).parent
PAD, START, END = 0, 1, 2
CHARACTERS = " abcdefghijklmnopqrstuvwxyz"
FIRST_CHARACTER = 3  # the ids before it are PAD, START and END
LONGEST = 80  # characters of an answer, and its end

dynamic = {"sound": ("batch", "sound", None), "text": ("batch", "text")}
budget = {"r2": 0.98, "metric_drop": 0.005}
card = {
    "description": "Takes down spoken phrases and numbers, letter by letter.",
    "license": "apache-2.0",
}
generation = {"start": [START], "stop": [END], "max_new_tokens": LONGEST}
processing = {
    "audio": {
        "input": "sound",
        "rate": RATE,
        "channels": 1,
        "log_mel": {"frame": FRAME, "hop": HOP, "bands": BANDS, "stack": STACK, "floor": FLOOR},
    },
    "text": {
        "tokenizer": HERE / "tokenizer.json",  # of the same characters: make_tokenizer.py
        "ids": "text",
        "mask": None,
        "types": None,
        "longest": None,
    },
}


def encode_text(text: str) -> Tensor:
    """Return the ids of `text` from START to END, int64 (1, T + 1).

    Raises:
        ValueError: a character that the vocabulary lacks.
    """
    unknown = sorted(set(text) - set(CHARACTERS))
    if unknown:
        raise ValueError(f"{text!r}: {''.join(unknown)!r} found; expected letters a to z and spaces")
    return torch.tensor([[START, *(FIRST_CHARACTER + CHARACTERS.index(c) for c in text), END]])  # (1, T + 1)


def decode_text(tokens: Tensor) -> str:
    """Return the text of `tokens`, int64 (T,), up to the first END."""
    ids = tokens.tolist()
    said = ids[: ids.index(END)] if END in ids else ids
    return "".join(CHARACTERS[i - FIRST_CHARACTER] for i in said if i >= FIRST_CHARACTER)


@torch.inference_mode()
def greedy(network: SpeechTransformer, sound: Tensor) -> Tensor:
    """Spell `sound`, float32 (B, S, 160), with the likeliest character each time: int64 (B, T)."""
    memory, mask = network.encoder(sound), padding_mask(sound)
    text = torch.full((len(sound), 1), START)  # (B, 1)
    ended = torch.zeros(len(sound), dtype=torch.bool)
    while text.size(1) <= LONGEST and not ended.all():
        following = network.decoder(text, memory, mask)[:, -1].argmax(dim=-1)  # (B,)
        text = torch.cat((text, following.unsqueeze(1)), dim=1)  # (B, T + 1)
        ended |= following == END
    return text[:, 1:]  # (B, T)


def untrained() -> SpeechTransformer:
    """Return the network with random weights."""
    return SpeechTransformer(Config(vocabulary=FIRST_CHARACTER + len(CHARACTERS)))


def model() -> SpeechTransformer:
    """Return the trained network, in eval mode."""
    network = untrained()
    network.load_state_dict(load_file(HERE / "weights.safetensors"))
    return network.eval()


def recordings() -> Iterator[tuple[Tensor, str]]:
    """Yield phrases that training never heard: the sound, float32 (samples,) from -1 to 1, and its text."""
    phrases = (HERE / "phrases.txt").read_text(encoding="utf-8").splitlines()
    kept = load_file(HERE / "recordings.safetensors")
    sounds = kept["audio"].split(kept["samples"].tolist())
    for codes, phrase in zip(sounds, phrases, strict=True):
        yield decoded(codes), phrase


def samples() -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """Yield the recordings: `sound`, float32 (1, S, 160), `text`, int64 (1, T), and what follows, (1, T)."""
    for audio, phrase in recordings():
        answer = encode_text(phrase)  # (1, T + 1)
        yield {"sound": features(audio), "text": answer[:, :-1]}, answer[:, 1:]


def raw() -> Iterator[dict[str, object]]:
    """Yield the recordings as sounds: their rate, and their samples, float32 (samples,)."""
    for audio, _ in recordings():
        yield {"audio": {"rate": RATE, "samples": audio}}


def metric(outputs: dict[str, Tensor], target: Tensor) -> float:
    """Return the share of characters predicted right, those before them being given; padding is left out."""
    right = outputs["logits"].argmax(dim=-1) == target  # (B, T)
    return right[target != PAD].float().mean().item()


def pretty(outputs: dict[str, Tensor]) -> str:
    """Return the predicted characters as text, such as "set a timer for nine minutes"."""
    return decode_text(outputs["logits"][0].argmax(dim=-1))
