"""The key-value cache of one text, kept from call to call."""

from __future__ import annotations

import os
from threading import Lock

import numpy as np

from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.decoding.decoder import Decoder
from edgeattn_runtime.decoding.prompt import Tokens
from edgeattn_runtime.decoding.stepper import Logits
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import Model, load


class CachedText:
    """A sequence whose keys and values are computed once, as long as it goes on as it began."""

    def __init__(self, decoder: Decoder, carried: Arrays) -> None:
        self._decoder = decoder
        self._step = decoder.stepper([carried])
        self._held = np.zeros(0, np.int64)  # the tokens in the cache
        self._lock = Lock()

    def logits(self, sequence: Tokens) -> Logits:
        """Return the logits behind a sequence (length,), float32 (1, vocabulary); it computes what is new.

        Raises:
            InputError: A token is out of range for its lookup table.
            BundleError: The graph fails, or answers no numbers.
        """
        with self._lock:
            # The logits behind the last token are not kept: it is computed in any case.
            kept = min(_common(self._held, sequence), len(sequence) - 1)
            self._held = sequence[:kept]
            self._step.rewind(kept)
            logits = self._decoder.next_logits(self._step, sequence[np.newaxis, kept:]).copy()
            self._held = sequence
        return logits


class GenerationSession:
    """Keeps the cache of one text, such as a chat, for the next turn.

    A prompt that begins as what it holds is computed from there on, and what differs is forgotten. So it
    changes no answer but by the noise of int8, whose products may scale all tokens of a call together.
    Answers that go on at the same time take turns in it, and each is right.

    Args:
        bundle: The folder, or the loaded model; a decoder without an encoder.

    Attributes:
        model: The loaded model, which generates in it.
        text: What it holds.

    Raises:
        InputError: The bundle does not generate, or is an encoder-decoder.
        BundleError: The bundle is not whole.
        IncompatibleRuntimeError: No variant runs with the engine and execution providers of this device.
    """

    def __init__(self, bundle: str | os.PathLike[str] | Model) -> None:
        self.model = bundle if isinstance(bundle, Model) else load(bundle)
        decoder = Decoder(self.model)
        if decoder.encoder is not None:
            raise InputError(
                "session: an encoder-decoder found, a decoder alone expected; its cache is of one source"
            )
        self.text = CachedText(decoder, {})


def _common(a: Tokens, b: Tokens) -> int:
    """Return how many first tokens two sequences have in common."""
    shorter = min(len(a), len(b))
    differs = np.flatnonzero(a[:shorter] != b[:shorter])
    return int(differs[0]) if len(differs) else shorter
