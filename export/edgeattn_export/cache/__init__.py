"""Giving a decoder a key-value cache, where its ``forward`` knows none."""

from edgeattn_export.cache.derive import derive_steps
from edgeattn_export.cache.stepping import decoder_samples, encoder_samples
from edgeattn_export.cache.steps import Cache, StepGraph, Steps
from edgeattn_export.cache.with_cache import Cached, with_cache

__all__ = [
    "Cache",
    "Cached",
    "StepGraph",
    "Steps",
    "decoder_samples",
    "derive_steps",
    "encoder_samples",
    "with_cache",
]
