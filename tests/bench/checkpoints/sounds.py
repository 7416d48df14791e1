"""Checkpoints of speech: the words of models/keywords, which espeak-ng spoke, one or two in a row."""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from checkpoints.example import Example, fit
from checkpoints.texts import IGNORED, padded
from safetensors.torch import load_file
from scipy.io import wavfile
from scipy.signal import resample_poly
from torch import Tensor, nn

sys.path.append(str(Path(__file__).parents[2] / "edgeattn" / "source" / "checkpoint"))
import folders

KEYWORDS = Path(__file__).parents[3] / "models" / "keywords"
WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
RATE = 8000
SPOKEN, TESTED = 200, 160  # clips that are kept for the data, and sounds made of them
BATCH = 16
HEARD = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128} | {
    "conv_dim": (32, 64, 64, 64),
    "conv_stride": (5, 4, 4, 2),  # a frame of 20 ms
    "conv_kernel": (10, 8, 8, 4),
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "apply_spec_augment": False,
    "layerdrop": 0.0,
    "hidden_dropout": 0.0,
    "attention_dropout": 0.0,
    "feat_proj_dropout": 0.0,
    "final_dropout": 0.0,
    "ctc_loss_reduction": "mean",
    "ctc_zero_infinity": True,
}

Clip = tuple[Tensor, str]


def clips() -> list[Clip]:
    """Return words as they are spoken, float32 (samples,) from -1 to 1, at ``RATE``."""
    kept = load_file(KEYWORDS / "words.safetensors")
    bent = kept["audio"].float() / 127.5 - 1  # 8-bit mu-law
    audio = bent.sign() * (256 ** bent.abs() - 1) / 255
    spoken = zip(audio.split(kept["lengths"].tolist()), kept["labels"].tolist(), strict=True)
    found = [(sound, WORDS[label]) for sound, label in spoken if label < len(WORDS)]
    random.Random(0).shuffle(found)
    return found


def joined(parts: Sequence[Clip]) -> Clip:
    """Return clips in a row, with a little noise."""
    sound = torch.cat([sound for sound, _ in parts])
    return sound + 0.001 * torch.randn(len(sound)), " ".join(word for _, word in parts)


def record(folder: Path, sounds: Sequence[Clip], rate: int) -> Path:
    """Write sounds as WAV files with a CSV of what is said."""
    folder.mkdir()
    for i, (sound, _) in enumerate(sounds):
        levels = (sound * 2**15).round().clamp(-(2**15), 2**15 - 1)
        wavfile.write(folder / f"{i}.wav", rate, levels.short().numpy())
    with (folder / "said.csv").open("w", encoding="utf-8", newline="") as lines:
        rows = [(f"{i}.wav", text) for i, (_, text) in enumerate(sounds)]
        csv.writer(lines).writerows([("file", "text"), *rows])
    return folder


def spelled(place: Path) -> Example:
    """Train a Whisper to spell a word or two in a second of sound."""
    torch.manual_seed(0)
    folder = folders.transcriber(place / "spelled", d_model=64, bands=40)
    network: Any = transformers.WhisperForConditionalGeneration.from_pretrained(folder)
    spelling = transformers.AutoTokenizer.from_pretrained(folder)
    extractor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    rate = folders.WHISPER_RATE
    wide = [
        (torch.from_numpy(resample_poly(sound.numpy(), rate // RATE, 1)), text) for sound, text in clips()
    ]
    found, draw = [clip for clip in wide if len(clip[0]) <= rate], random.Random(0)

    def drawn(spoken: Sequence[Clip]) -> Clip:
        pair = joined(draw.sample(spoken, 2))
        return pair if len(pair[0]) <= rate else joined([draw.choice(spoken)])

    def batch() -> Mapping[str, Any]:
        sounds, texts = zip(*(drawn(found[SPOKEN:]) for _ in range(BATCH)), strict=True)
        inputs = extractor([sound.numpy() for sound in sounds], sampling_rate=rate, return_tensors="pt")
        tokens = padded([spelling(text)["input_ids"] for text in texts], IGNORED)
        begun = torch.where(tokens[:, :-1] == IGNORED, spelling.eos_token_id, tokens[:, :-1])
        return {**inputs, "decoder_input_ids": begun, "labels": tokens[:, 1:].contiguous()}

    fit(network, batch, 1000, 2e-3)
    network.save_pretrained(folder)
    data = record(place / "spoken", [drawn(found[:SPOKEN]) for _ in range(TESTED)], rate)
    return Example("speech recognition, Whisper", "word accuracy", folder, data)


def heard(place: Path) -> Example:
    """Train a wav2vec 2.0 to spell a word or two, by CTC."""
    torch.manual_seed(0)
    letters = "".join(sorted({letter for word in WORDS for letter in word.upper()}))
    folder = folders.listener(place / "heard", letters, RATE, **HEARD)
    network: Any = transformers.Wav2Vec2ForCTC.from_pretrained(folder)
    spelling = transformers.AutoTokenizer.from_pretrained(folder)
    extractor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    found, draw = clips(), random.Random(0)

    def drawn(spoken: Sequence[Clip]) -> Clip:
        sound, text = joined(draw.sample(spoken, draw.choice((1, 2))))
        return sound, text.upper()

    def batch() -> Mapping[str, Any]:
        sounds, texts = zip(*(drawn(found[SPOKEN:]) for _ in range(BATCH)), strict=True)
        most = max(map(len, sounds))
        normalized = [extractor(sound.numpy(), sampling_rate=RATE)["input_values"][0] for sound in sounds]
        inputs = torch.stack([nn.functional.pad(torch.tensor(x), (0, most - len(x))) for x in normalized])
        return {"input_values": inputs, "labels": padded([spelling(t)["input_ids"] for t in texts], IGNORED)}

    fit(network, batch, 1000, 2e-3)
    network.save_pretrained(folder)
    data = record(place / "spoken", [drawn(found[:SPOKEN]) for _ in range(TESTED)], RATE)
    return Example("speech recognition, CTC", "word accuracy", folder, data)


def commanded(place: Path) -> Example:
    """Train a wav2vec 2.0 to say which of ten words it hears."""
    torch.manual_seed(0)
    sizes = {name: value for name, value in HEARD.items() if not name.startswith("ctc")}
    config = transformers.Wav2Vec2Config(
        **(folders.LISTENER | sizes), classifier_proj_size=64, id2label=dict(enumerate(WORDS))
    )
    network = transformers.Wav2Vec2ForSequenceClassification(config)
    extractor = transformers.Wav2Vec2FeatureExtractor(sampling_rate=RATE)
    found = clips()

    def batch() -> Mapping[str, Any]:
        sounds, texts = zip(*random.sample(found[SPOKEN:], BATCH), strict=True)
        shortest = min(map(len, sounds))
        cut = [sound[:shortest].numpy() for sound in sounds]
        inputs = extractor(cut, sampling_rate=RATE, return_tensors="pt")["input_values"]
        return {"input_values": inputs, "labels": torch.tensor([WORDS.index(text) for text in texts])}

    fit(network, batch, 600)
    for part in (network, extractor):
        part.save_pretrained(place / "commanded")
    data = record(place / "spoken", found[:TESTED], RATE)
    return Example("audio classification", "accuracy", place / "commanded", data, "label=text")
