"""PyTorch, eager, to which all are compared: `inference_mode`, sdpa, one thread between operators."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from protocol.peer import Array, Batch, Call, Job, Peer


def export(job: Job, folder: Path) -> None:
    """Copy the weights: nothing is to be exported."""
    variant = folder / "eager"
    variant.mkdir()
    for name in ("config.json", "model.safetensors"):
        shutil.copy(job.weights / name, variant)


def load(variant: Path, threads: int) -> Callable[[Batch], Call]:
    """Open the network."""
    import torch
    from networks.hidden import hidden

    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    network = hidden(variant)

    def bind(batch: Batch) -> Call:
        feed = [torch.from_numpy(array) for array in batch.padded().values()]

        def call() -> Array:
            with torch.inference_mode():
                return np.asarray(network(*feed))

        return call

    return bind


PEERS = (Peer("pytorch", "pytorch", ("torch", "transformers"), export, load, title="PyTorch {torch}, eager"),)
