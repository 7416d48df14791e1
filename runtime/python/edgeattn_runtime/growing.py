"""Steps of a decoder whose cache grows: each is given the cache, and answers with a longer one."""

from __future__ import annotations

import numpy as np

from edgeattn_runtime.cache import empty_cache, grown, past_tensors
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.manifest import Generation
from edgeattn_runtime.model import Model
from edgeattn_runtime.prompt import Tokens
from edgeattn_runtime.sampling import Logits


class Growing:
    """One text's steps, from an empty cache on.

    Args:
        decoder: The graph.
        generation: What its inputs and outputs mean.
        carried: What the encoder gave of the source; empty for a decoder alone.
    """

    def __init__(self, decoder: Model, generation: Generation, carried: Arrays) -> None:
        self._decoder = decoder
        self._generation = generation
        self._carried = carried
        self._cache = empty_cache(past_tensors(decoder.manifest, generation.decoder), batch=1)

    def __call__(self, tokens: Tokens) -> Logits:
        """Take the next tokens, at least one, and return the logits after the last, float32 (vocabulary,).

        Raises:
            BundleError: The graph fails.
        """
        # Plain arrays in and out: onnxruntime copies neither on the CPU, and binding two names a cache
        # tensor in every step took longer than the call that it was to save.
        fed = {self._generation.tokens: tokens[np.newaxis], **self._cache, **self._carried}
        outputs = self._decoder.run(fed)
        self._cache = grown(self._generation.cache, outputs)
        logits: Logits = outputs[self._generation.logits][0, -1]
        return logits
