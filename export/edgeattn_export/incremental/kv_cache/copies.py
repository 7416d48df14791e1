"""The whole graph's values again, for another number of tokens."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgeattn_export.incremental.kv_cache.anatomy import sizes_read
from edgeattn_export.incremental.kv_cache.decoder_draft import DecoderDraft


class Copies:
    """Values of the whole graph as they are for ``length`` tokens, each computed once, where it is asked for.

    Weights and what the encoder carries are taken as they are; what is by the length is computed again, with
    ``length`` wherever a Shape would have given the number of tokens.
    """

    def __init__(self, draft: DecoderDraft, length: ir.Value, suffix: str = "") -> None:
        self._draft = draft
        self._length = length
        self._suffix = suffix
        self._made: dict[ir.Value, ir.Value] = {}

    def give(self, value: ir.Value, copy: ir.Value) -> None:
        """Let ``copy`` stand for a value, as the new tokens stand for the tokens."""
        self._made[value] = copy

    def of(self, value: ir.Value) -> ir.Value:
        """Return the copy of a value that reads no tokens, or that has been given."""
        if value not in self._made:
            node = value.producer()
            if self._draft.anatomy.by_source(value):
                self._made[value] = self._draft.carry(value)
            elif node is None:
                self._made[value] = self._draft.weight(value)
            else:
                self._copy(node)
        return self._made[value]

    def _copy(self, node: ir.Node) -> None:
        sizes = sizes_read(node, self._draft.anatomy.dims)
        if sizes is not None:
            self._made[node.outputs[0]] = self._sizes(sizes, f"{node.outputs[0].name}{self._suffix}")
            return
        inputs = [None if value is None else self.of(value) for value in node.inputs]
        clones = self._draft.clone(node, inputs, suffix=self._suffix)
        for old, new in zip(node.outputs, clones, strict=True):
            self._made[old] = new
            if not self._draft.anatomy.by_length(old):
                new.shape = old.shape

    def _sizes(self, sizes: tuple[int | str, ...], name: str) -> ir.Value:
        parts = [self._size(size, f"{name}.{axis}") for axis, size in enumerate(sizes)]
        return self._draft.op("Concat", parts, {"axis": 0}, name=name) if len(parts) != 1 else parts[0]

    def _size(self, size: int | str, name: str) -> ir.Value:
        if isinstance(size, int):
            return self._draft.constant(np.array([size], np.int64), name)
        return self._length if size == self._draft.anatomy.roles.sequence else self._draft.size(size)
