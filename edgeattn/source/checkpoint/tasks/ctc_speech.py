"""Speech recognition by CTC: a sound becomes letters, one a frame, of which repeated ones and blanks fall."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from transformers import AutoFeatureExtractor

from edgeattn.source.checkpoint.metrics.word_accuracy import word_accuracy
from edgeattn.source.checkpoint.processor import load_processor
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.sound import read_sound
from edgeattn.source.checkpoint.tasks.task import Task
from edgeattn.source.checkpoint.tokens import load_tokenizer
from edgeattn.source.checkpoint.transformers_folder import load_network
from edgeattn.source.checkpoint.unit_variance import UnitVariance


class CTCSpeech(Task):
    """A recognizer: ``logits`` (B, frames, vocabulary) of a sound as it is recorded.

    What the feature extractor does to a sound, zero mean and unit variance, becomes part of the graph.

    Args:
        folder: The checkpoint.
        rows: ``audio``, and where there is any ``text``, what is said.
    """

    needed = ("audio",)
    optional = ("text",)
    dynamic: Mapping[str, Sequence[str | None]] = {"audio": ("batch", "time")}

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        super().__init__(folder, rows)
        extractor = load_processor(AutoFeatureExtractor, folder)
        self.rate = int(extractor.sampling_rate)
        self.network = Recognizer(load_network(folder), normalize=getattr(extractor, "do_normalize", True))
        self.tokenizer: Any = load_tokenizer(folder)
        if self.has("text"):
            self.metric = self._word_accuracy
        names = self.tokenizer.convert_ids_to_tokens(list(range(len(self.tokenizer))))
        lowers = getattr(self.tokenizer, "do_lower_case", False)
        self.add_processing(
            audio={"input": "audio", "rate": self.rate, "channels": 1},
            labels={"output": "logits", "names": [name.lower() for name in names] if lowers else names},
            prediction=self._prediction(),
        )

    def _prediction(self) -> dict[str, Any] | None:
        """Return how frames become a text; None for a tokenizer whose tokens are more than letters."""
        delimiter, blank = (
            getattr(self.tokenizer, "word_delimiter_token_id", None),
            self.tokenizer.pad_token_id,
        )
        if delimiter is None or blank is None:
            return None
        return {"kind": "ctc", "blank": blank, "delimiter": delimiter}

    def samples(self) -> Iterator[object]:
        """Yield each sound, float32 (1, time), and what is said, where it is known."""
        for row in self.rows:
            inputs = {"audio": read_sound(Path(row["audio"]), self.rate)}
            yield (inputs, row["text"]) if "text" in row else inputs

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield the sounds' files."""
        yield from ({"audio": row["audio"]} for row in self.rows)

    def pretty(self, outputs: Mapping[str, Tensor]) -> str:
        """Return what was heard."""
        return str(self.tokenizer.batch_decode(outputs["logits"].argmax(dim=-1))[0])

    def _word_accuracy(self, outputs: Mapping[str, Tensor], target: str) -> float:
        return word_accuracy(self.pretty(outputs), target)


class Recognizer(nn.Module):
    """A network behind the normalization of its feature extractor.

    Args:
        network: Of sounds with zero mean and unit variance, or of sounds as they are.
        normalize: Whether they have these.
    """

    def __init__(self, network: nn.Module, *, normalize: bool) -> None:
        super().__init__()
        self.network, self.features = network, UnitVariance() if normalize else nn.Identity()

    def forward(self, audio: Tensor) -> dict[str, Tensor]:
        """Hear sounds, float32 (B, time), of -1 to 1."""
        return {"logits": self.network(self.features(audio)).logits}
