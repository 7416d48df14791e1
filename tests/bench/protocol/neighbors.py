"""recall@10 of a peer: which of the ten texts that PyTorch finds nearest to a text it finds too.

The texts are those of ``bench_verdicts.py sentence``, in the same order, and each is looked for among a
thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bench_verdicts
import numpy as np
from numpy.typing import NDArray
from protocol.networks import HANDOVER, embedding
from protocol.peer import Feed, write_samples

from edgeattn.judge.output_metrics.embeddings import RECALL_AT_10
from edgeattn.source.handover import load

AMONG = bench_verdicts.NEIGHBORHOOD

Embeddings = NDArray[np.float32]  # (N, W)


@dataclass(frozen=True)
class Neighbors:
    """Texts as files, and PyTorch's embeddings of them.

    Attributes:
        samples: npz.
        reference: In the order of the samples.
    """

    samples: Path
    reference: Embeddings


def prepare_neighbors(texts: Path, folder: Path) -> Neighbors:
    """Write the texts into a folder, and embed them.

    Args:
        texts: The unpacked packages, see models/sentence/README.md.
        folder: Where the samples go.
    """
    drawn = list(bench_verdicts.sentence(texts))
    order = np.random.default_rng(1).permutation(len(drawn))
    feeds: list[Feed] = [dict(drawn[i].inputs) for i in order[: len(drawn) // AMONG * AMONG]]
    module = load(str(HANDOVER)).module
    write_samples(folder / "neighbors.npz", feeds)
    return Neighbors(folder / "neighbors.npz", np.concatenate([embedding(module, feed) for feed in feeds]))


def recall_at_10(found: Embeddings, reference: Embeddings, among: int = AMONG) -> float:
    """Return the share, the mean over every ``among`` texts."""
    parts = range(0, len(reference) - among + 1, among)
    pairs = [
        [each[start : start + among].astype(np.float64) for each in (reference, found)] for start in parts
    ]
    return float(np.mean([RECALL_AT_10.mean([(expected, near)]).value for expected, near in pairs]))
