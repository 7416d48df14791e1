"""What an outcome depends on of a model: its file, its weights and its samples, in one hash."""

from __future__ import annotations

import hashlib
from itertools import chain

import numpy as np
import torch

from edgeattn.source.source import Source


def identity_of(source: Source) -> str:
    """Return the sha256 of a model and of all that was handed over with it.

    Raises:
        BadInput: Its samples are not what it takes.
    """
    samples = source.read()
    digest = hashlib.sha256(f"{source.name} {source.sha256} {source.weights_sha256}".encode())
    for sample in chain(samples, samples.continued):
        for name, value in sample.inputs.items():
            digest.update(f"{name} {value.dtype} {value.shape}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        digest.update(_bytes(sample.target))
    return digest.hexdigest()


def _bytes(target: object) -> bytes:
    if isinstance(target, torch.Tensor):
        target = target.detach().cpu().numpy()
    if isinstance(target, np.ndarray):
        return f"{target.dtype} {target.shape}".encode() + np.ascontiguousarray(target).tobytes()
    return repr(target).encode()
