# mypy: disable-error-code="import-not-found"
"""CTranslate2: its converter for transformers, int8. It drops padding by itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from protocol.peer import TOKENS, Array, Batch, Call, Job, Peer

PACKAGES = ("ctranslate2", "transformers", "torch")


def export(job: Job, folder: Path) -> None:
    """Convert."""
    from ctranslate2.converters import TransformersConverter

    TransformersConverter(str(job.weights)).convert(str(folder / "int8"), quantization="int8")


def load(variant: Path, threads: int) -> Callable[[Batch], Call]:
    """Open the encoder with AVX512, where it would take AVX2 by itself."""
    flags = Path("/proc/cpuinfo")
    if flags.is_file() and "avx512_vnni" in flags.read_text(encoding="utf-8"):
        os.environ["CT2_FORCE_CPU_ISA"] = "AVX512"  # read when the library loads
    import ctranslate2

    encoder = ctranslate2.Encoder(str(variant), device="cpu", compute_type="int8", intra_threads=threads)

    def bind(batch: Batch) -> Call:
        tokens = [sample[TOKENS][0].tolist() for sample in batch.samples]

        def call() -> Array:
            return np.asarray(encoder.forward_batch(tokens).last_hidden_state)

        return call

    return bind


PEERS = (Peer("ctranslate2", "ctranslate2", PACKAGES, export, load, title="CTranslate2 {ctranslate2} int8"),)
