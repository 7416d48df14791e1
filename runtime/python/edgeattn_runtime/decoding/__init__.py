"""Decoding: how a model's logits become tokens, of one prompt as they come or of many prompts at once."""

from edgeattn_runtime.decoding.generation_session import GenerationSession
from edgeattn_runtime.decoding.search import Hypothesis
from edgeattn_runtime.decoding.sequences import generate_many
from edgeattn_runtime.decoding.text import generate_text
from edgeattn_runtime.decoding.token_stream import generate

__all__ = ["GenerationSession", "Hypothesis", "generate", "generate_many", "generate_text"]
