"""Speech recognition by CTC: a sound becomes letters, one a frame, of which repeated ones and blanks fall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jiwer
from torch import Tensor, nn

from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.sound_task import SoundNetwork, SoundTask, UnitVariance
from edgeattn.source.checkpoint.tokens import load_tokenizer
from edgeattn.source.checkpoint.transformers_folder import load_network


class CTCSpeech(SoundTask):
    """A recognizer: ``logits`` (B, frames, vocabulary) of a sound as it is recorded.

    Args:
        rows: ``audio``, and where there is any ``text``, what is said.
    """

    optional = ("text",)
    judged_by = "text"
    dynamic: Mapping[str, Sequence[str | None]] = {"audio": ("batch", "time")}

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        super().__init__(folder, rows)
        normalize = getattr(self.extractor, "do_normalize", True)
        self.network = SoundNetwork(UnitVariance() if normalize else nn.Identity(), load_network(folder))
        self.tokenizer: Any = load_tokenizer(folder)
        if self.has("text"):
            self.metric = self._word_accuracy
        names = self.tokenizer.convert_ids_to_tokens(list(range(len(self.tokenizer))))
        lowers = getattr(self.tokenizer, "do_lower_case", False)
        self.add_processing(
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

    def pretty(self, outputs: Mapping[str, Tensor]) -> str:
        """Return what was heard."""
        return str(self.tokenizer.batch_decode(outputs["logits"].argmax(dim=-1))[0])

    def _word_accuracy(self, outputs: Mapping[str, Tensor], target: str) -> float:
        """Return 1 less the word error rate: below 0 where more words are wrong than were said."""
        return 1 - float(jiwer.wer(target, self.pretty(outputs)))
