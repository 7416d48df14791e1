"""The kernels' Attention beside onnxruntime's own, 12 heads of 32, in rounds of rotating order.

    python tests/bench/bench_kernels_attention.py LIBRARY [THREADS]

LIBRARY is a built libedgeattn_kernels.so. What a session adds to a run is within both times.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "runtime" / "kernels"))

from attention_node import Array, AttentionNode

HEADS, SIZE = 12, 32
ROUNDS = 300


def main(library: Path, threads: int) -> None:
    """Print medians of both, in microseconds."""
    print(f"{'':32}{'stock':>10}{'kernels':>10}{'packed':>10}")
    for length in (16, 128):
        plain = {name: _numbers(length) for name in "QKV"}
        masked = plain | {"attn_mask": np.zeros((1, 1, length, length), np.float32)}
        _row(f"{length} tokens", library, threads, plain)
        _row(f"{length} tokens, masked", library, threads, masked)
        _row(f"{length} tokens, causal", library, threads, plain, is_causal=1)
    for length in (100, 1000):
        cached = {name: _numbers(1) for name in "QKV"}
        cached |= {name: _numbers(length, flat=False) for name in ("past_key", "past_value")}
        _row(f"1 token after {length}", library, threads, cached)


def _numbers(length: int, *, flat: bool = True) -> Array:
    shape = (1, length, HEADS * SIZE) if flat else (1, HEADS, length, SIZE)
    return np.random.default_rng(length).standard_normal(shape).astype(np.float32)


def _row(name: str, library: Path, threads: int, inputs: Mapping[str, Array], **more: float) -> None:
    attributes = {"q_num_heads": HEADS, "kv_num_heads": HEADS, **more}
    outputs = 3 if "past_key" in inputs else 1
    packed = {"Q": np.concatenate([inputs[part] for part in "QKV"], axis=2)}
    packed |= {name: value for name, value in inputs.items() if name not in "QKV"}
    node, one_tensor = (AttentionNode(given, attributes, outputs) for given in (inputs, packed))
    runners = [
        (node.session(threads=threads), inputs),
        (node.session(library, threads), inputs),
        (one_tensor.session(library, threads), packed),
    ]
    times: list[list[float]] = [[] for _ in runners]
    for turn in range(ROUNDS):
        for i in np.roll(np.arange(len(runners)), turn):
            session, given = runners[i]
            start = time.perf_counter()
            session.run(None, dict(given))
            times[i].append(time.perf_counter() - start)
    print(f"{name:32}" + "".join(f"{np.median(taken) * 1e6:10.1f}" for taken in times))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
