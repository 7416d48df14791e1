"""Speech to text by an encoder and a decoder, such as Whisper: a sound becomes text, token by token."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jiwer
import torch
from torch import Tensor, nn

from edgeattn.source.checkpoint.accuracy import IGNORED
from edgeattn.source.checkpoint.generation_settings import generation_of, read_settings
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.slaney_log_mel import SlaneyLogMel
from edgeattn.source.checkpoint.tasks.sound_task import SoundTask
from edgeattn.source.checkpoint.tokens import load_tokenizer
from edgeattn.source.checkpoint.transformers_folder import load_network, vocabulary_of


class SpeechToText(SoundTask):
    """A Whisper: ``logits`` (B, T, vocabulary) of the token that follows each of what is said.

    A shorter sound is followed by silence, up to what the encoder takes, as the feature extractor does.

    Args:
        rows: ``audio``, and ``text``, what is said.
    """

    needed = ("audio", "text")

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        super().__init__(folder, rows)
        kind = type(self.extractor).__name__
        if kind != "WhisperFeatureExtractor":
            raise ValueError(f"{kind} found, WhisperFeatureExtractor expected; write a model file")
        self.longest = self.extractor.n_samples
        self.tokenizer: Any = load_tokenizer(folder)
        network: Any = load_network(folder)
        self.network = Transcriber(network, self.extractor)
        self.positions = int(network.config.max_target_positions)
        self.start = self._start()
        self.dynamic = {"audio": ("batch", None), "decoder_input_ids": ("batch", "target")}
        self.metric = self._word_accuracy
        self.add_processing(
            text={
                "tokenizer": folder / "tokenizer.json",
                "ids": "decoder_input_ids",
                "mask": None,
                "types": None,
                "longest": None,
            },
        )
        self.generation = generation_of(folder, vocabulary_of(network), self.start)

    def _start(self) -> list[int]:
        """Return what each answer begins with: tokens of the language and of the task, by the folder."""
        settings = read_settings(self.folder)
        self.tokenizer.set_prefix_tokens(language=settings.get("language"), task=settings.get("task"))
        if settings.get("is_multilingual") and self.tokenizer.language is None:
            warnings.warn(
                "generation_config.json: no language found, which a bundle does not guess; add it",
                stacklevel=2,
            )
        return list(self.tokenizer.prefix_tokens)

    def samples(self) -> Iterator[object]:
        """Yield each sound, float32 (1, time), with what is said so far, and what follows, int64 (1, T)."""
        for row in self.rows:
            said = self.tokenizer(row["text"], add_special_tokens=False)["input_ids"]
            tokens = torch.tensor([[*self.start, *said, self.tokenizer.eos_token_id]])
            tokens = tokens[:, : self.positions + 1]  # the last is not read
            target = tokens[:, 1:].clone()
            target[:, : len(self.start) - 1] = IGNORED  # which are given, and not asked for
            yield {**self.inputs(row), "decoder_input_ids": tokens[:, :-1]}, target

    def inputs(self, row: Row) -> Mapping[str, Tensor]:
        """Return a row's sound, float32 (1, time), with silence behind it."""
        sound = super().inputs(row)["audio"]
        if sound.shape[1] > self.longest:
            raise ValueError(
                f"{Path(row['audio']).name}: {sound.shape[1] / self.rate:.1f} s found, at most "
                f"{self.longest / self.rate:g} s expected; cut it"
            )
        return {"audio": nn.functional.pad(sound, (0, self.longest - sound.shape[1]))}

    def pretty(self, outputs: Mapping[str, Tensor]) -> str:
        """Return what was heard, each token by those before it that were said."""
        return self._text(outputs["logits"][0, len(self.start) - 1 :].argmax(dim=-1))

    def _text(self, tokens: Tensor) -> str:
        ids = tokens.tolist()
        end = self.tokenizer.eos_token_id
        said = ids[: ids.index(end)] if end in ids else ids
        return str(self.tokenizer.decode(said, skip_special_tokens=True)).strip()

    def _word_accuracy(self, outputs: Mapping[str, Tensor], target: Tensor) -> float:
        """Return 1 less the word error rate: below 0 where more words are wrong than were said."""
        return 1 - float(jiwer.wer(self._text(target[target != IGNORED]), self.pretty(outputs)))


class Transcriber(nn.Module):
    """A network's logits behind its feature extractor, without a cache of its own."""

    def __init__(self, network: nn.Module, extractor: Any) -> None:
        super().__init__()
        self.features, self.network = SlaneyLogMel(extractor), network

    def forward(self, audio: Tensor, decoder_input_ids: Tensor) -> dict[str, Tensor]:
        """Score what follows each token of what is said.

        Args:
            audio: as many samples as the encoder takes, float32 (B, time), of -1 to 1.
            decoder_input_ids: what is said so far, int64 (B, T).
        """
        scored = self.network(
            input_features=self.features(audio), decoder_input_ids=decoder_input_ids, use_cache=False
        )
        return {"logits": scored.logits}
