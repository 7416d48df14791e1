"""Feature extraction: a text becomes a vector a token."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.text_task import TextTask
from edgeattn.source.checkpoint.transformers_folder import drop_pooler, load_network


class FeatureExtraction(TextTask):
    """A network without a head: ``last_hidden_state`` (B, S, W).

    The vector that some take of the first token is left out, as most are trained without one.
    """

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        network = load_network(folder, without=("pooler",))
        drop_pooler(network)
        super().__init__(folder, rows, network)
        self.say_text()
