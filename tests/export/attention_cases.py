"""Attentions of opset 23, each as a graph of its own, with inputs drawn for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from draws import drawn_seed
from hypothesis import strategies as st
from numpy.typing import NDArray

FLOAT, BOOL = ir.DataType.FLOAT, ir.DataType.BOOL
SIZE, VALUE_SIZE = 4, 6  # of a head

Build = Callable[..., ir.Model]
Arrays = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Case:
    """An attention; ``mask`` holds for each of (B, H, S, T) whether the mask has that axis, or is 1 there."""

    batch: int = 2
    queries: int = 3
    keys: int = 5
    shared: int = 2  # heads of keys and values
    group: int = 1
    flat: bool = True
    dynamic: bool = True
    causal: bool = False
    softcap: float = 0.0
    mask: tuple[bool, ...] | None = None
    dtype: ir.DataType = FLOAT
    seed: int = 0

    @property
    def heads(self) -> int:
        return self.shared * self.group

    def model(self, build: Build, shown: int = 1) -> ir.Model:
        b, s, t = ("batch", "queries", "keys") if self.dynamic else (self.batch, self.queries, self.keys)
        parts = [(self.heads, s, SIZE), (self.shared, t, SIZE), (self.shared, t, VALUE_SIZE)]
        inputs = [(FLOAT, (b, n, h * d) if self.flat else (b, h, n, d)) for h, n, d in parts]
        if self.mask is not None:
            sizes = (b, self.heads, s, t)[4 - len(self.mask) :]
            dims = tuple(size if whole else 1 for size, whole in zip(sizes, self.mask, strict=True))
            inputs.append((self.dtype, dims))
        attributes: dict[str, int | float] = {"is_causal": int(self.causal), "softcap": self.softcap}
        if self.flat:
            attributes |= {"q_num_heads": self.heads, "kv_num_heads": self.shared}
        width = self.heads * VALUE_SIZE
        output = (b, s, width) if self.flat else (b, self.heads, s, VALUE_SIZE)
        return build("Attention", inputs, output, attributes, shown)

    def inputs(self) -> Arrays:
        drawn = np.random.default_rng(drawn_seed(self.seed))
        known = {"batch": self.batch, "queries": self.queries, "keys": self.keys}
        found: Arrays = {}
        parts = [
            (self.heads, "queries", SIZE),
            (self.shared, "keys", SIZE),
            (self.shared, "keys", VALUE_SIZE),
        ]
        for i, (h, n, d) in enumerate(parts):
            sizes = (self.batch, known[n], h * d) if self.flat else (self.batch, h, known[n], d)
            found[f"x{i}"] = drawn.standard_normal(sizes).astype(np.float32)
        if self.mask is not None:
            sizes = (self.batch, self.heads, self.queries, self.keys)[4 - len(self.mask) :]
            whole = tuple(size if each else 1 for size, each in zip(sizes, self.mask, strict=True))
            shown = drawn.random(whole) < 0.6
            bias = np.where(shown, drawn.standard_normal(whole), -np.inf).astype(np.float32)
            found["x3"] = shown if self.dtype is BOOL else bias
        return found


CASES = {
    "plain": Case(),
    "heads apart": Case(flat=False),
    "fixed sizes": Case(dynamic=False),
    "causal": Case(causal=True),
    "causal, more queries than keys": Case(causal=True, queries=6),
    "causal, fixed": Case(causal=True, dynamic=False),
    "grouped": Case(group=2),
    "one head of keys": Case(shared=1, group=3, flat=False),
    "capped": Case(softcap=2.0),
    "float mask": Case(mask=(True, False, False, True)),
    "bool mask": Case(mask=(True, False, False, True), dtype=BOOL),
    "mask of a query's keys": Case(mask=(True, True), dtype=BOOL, causal=True),
    "mask of keys": Case(mask=(True,), causal=True),
    "mask of each head, grouped": Case(mask=(True, True, True), group=2, causal=True),
    "one token": Case(batch=1, queries=1, keys=1, mask=(True, True, True, True)),
}

drawn_cases = st.builds(
    Case,
    batch=st.integers(1, 3),
    queries=st.integers(1, 4),
    keys=st.integers(1, 4),
    shared=st.integers(1, 2),
    group=st.integers(1, 2),
    flat=st.booleans(),
    dynamic=st.booleans(),
    causal=st.booleans(),
    mask=st.none() | st.lists(st.booleans(), min_size=1, max_size=4).map(tuple),
    dtype=st.sampled_from([FLOAT, BOOL]),
    seed=st.integers(0, 9),
)
