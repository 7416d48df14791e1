"""The inputs of a call, checked against all that a bundle says of a graph's."""

from __future__ import annotations

from collections.abc import Mapping

from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.contract import Arrays, check_inputs, check_token_ids
from edgeattn_runtime.engine.buckets import Buckets
from edgeattn_runtime.engine.kv_cache import decoder_inputs
from edgeattn_runtime.errors import InputError


class CallInputs:
    """What calls of one graph take."""

    def __init__(self, manifest: Manifest, graph: str, buckets: Buckets) -> None:
        generation = manifest.generation
        self._graph, self._symbols = manifest.graphs[graph], manifest.symbols
        self._cached = generation if generation is not None and generation.decoder == graph else None
        looked_up = {tensor.name for tensor in self._graph.inputs if tensor.table_rows is not None}
        self._token_inputs = [name for name in manifest.token_inputs if name not in looked_up]
        self._buckets = buckets

    def checked(self, inputs: Mapping[str, object]) -> Arrays:
        """Return the arrays of a call by name; a decoder's cache that is left out is an empty one.

        Raises:
            InputError: They do not keep the contract, or no variant takes their sizes.
        """
        if self._cached is None:
            arrays = check_inputs(self._graph, self._symbols, inputs)
        else:
            arrays = decoder_inputs(self._cached, self._graph, self._symbols, inputs)
        check_token_ids(self._token_inputs, arrays)
        self._buckets.check(arrays)
        return arrays

    def checked_sample(self, index: int, sample: object) -> Arrays:
        """Return the arrays of one of many samples; an error's message begins with its index.

        Raises:
            InputError: As ``checked`` does, or it is no mapping.
        """
        if not isinstance(sample, Mapping):
            kind = type(sample).__name__
            raise InputError(f"sample {index}: {kind} found, a mapping of inputs by name expected")
        try:
            return self.checked(sample)
        except InputError as error:
            raise InputError(f"sample {index}: {error}") from error
