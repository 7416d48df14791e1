"""The kernels' operators beside onnxruntime's own, on the shapes of MiniLM, interleaved.

    python tests/bench/bench_kernels_operators.py LIBRARY [--threads 1]

LIBRARY is a built libedgeattn_kernels.so. Times are medians, and what a session adds to a run is within all
of them. A ratio is of the kernel's time to that of onnxruntime's operator; "packed" is attention whose
queries, keys and values are one input.
"""

from __future__ import annotations

import argparse
import ctypes
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import onnx_ir as ir
import onnxruntime
from numpy.typing import NDArray

from edgeattn_runtime.timing.interleaved import Clock, Rounds, timed
from edgeattn_runtime.timing.latency import Call
from edgeattn_runtime.timing.machine import Machine

LAYERS = {"query, key, value": (384, 1152), "output": (384, 384), "up": (384, 1536), "down": (1536, 384)}
ROWS = (1, 16, 128)
HEADS, SIZE = 12, 32
ROUNDS = Rounds(least=300, most=300, warmup=3)

Array = NDArray[np.generic]


@dataclass(frozen=True)
class Node:
    """A node to time.

    Attributes:
        operator: Its name and domain.
        inputs: What it runs on, by names, in the operator's order; None where one is left out.
        constants: The inputs behind them, which stand in the file.
        attributes: The node's.
        outputs: How many it is asked for.
    """

    operator: tuple[str, str]
    inputs: Mapping[str, Array | None]
    constants: Sequence[Array | None] = ()
    attributes: Mapping[str, int] | None = None
    outputs: int = 1

    def call(self, library: Path, threads: int) -> Call:
        """Return what runs a session of this node alone, in which the library is registered."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.register_custom_ops_library(str(library))
        model = ir.serde.serialize_model(self._model()).SerializeToString()
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        return partial(
            session.run, None, {name: array for name, array in self.inputs.items() if array is not None}
        )

    def _model(self) -> ir.Model:
        given = [_input(name, array) for name, array in self.inputs.items()]
        kept = [_constant(f"constant_{i}", array) for i, array in enumerate(self.constants)]
        floats = ir.TensorType(ir.DataType.FLOAT)
        outputs = [ir.Value(name=f"output_{i}", type=floats) for i in range(self.outputs)]
        name, domain = self.operator
        node = ir.node(name, [*given, *kept], self.attributes, domain=domain, outputs=outputs)
        graph = ir.Graph(
            [value for value in given if value is not None],
            outputs,
            nodes=[node],
            initializers=[value for value in kept if value is not None],
            opset_imports={"": 23, "edgeattn": 1, "com.microsoft": 1},
            name="graph",
        )
        return ir.Model(graph, ir_version=10)


def main(arguments: list[str] | None = None) -> None:
    """Print a table of linear layers, and one of attention."""
    parser = argparse.ArgumentParser(description="Time the kernels' operators beside onnxruntime's own.")
    parser.add_argument("library", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args(arguments)
    library: Path = asked.library.absolute()
    try:
        loaded = ctypes.CDLL(str(library))
    except OSError as error:
        parser.error(f"no library of kernels: {error}; runtime/kernels/compile builds it")
    loaded.edgeattn_kernels_instruction_set.restype = ctypes.c_char_p
    print(f"{Machine.here()}; {loaded.edgeattn_kernels_instruction_set().decode()}; threads: {asked.threads}")

    print(
        "\n| layer | rows | stock, us | kernel | ratio | GOPS |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    )
    for name, (inner, columns) in LAYERS.items():
        for rows in ROWS:
            stock, kernel = _microseconds(_layer(inner, columns, rows), library, asked.threads)
            speed = 2e-3 * rows * inner * columns / kernel  # a product and a sum, in thousands
            cells = f"{stock:.1f} | {kernel:.1f} | {kernel / stock:.2f} | {speed:.0f}"
            print(f"| {name} | {rows} | {cells} |", flush=True)

    print("\n| attention | stock, us | kernel | ratio | packed | ratio |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, nodes in _attention():
        stock, *kernels = _microseconds(nodes, library, asked.threads)
        cells = " | ".join(f"{kernel:.1f} | {kernel / stock:.2f}" for kernel in kernels)
        print(f"| {name} | {stock:.1f} | {cells} |", flush=True)


def _layer(inner: int, columns: int, rows: int) -> list[Node]:
    """Return a linear layer with a bias: onnxruntime's, and the kernel's."""
    random = np.random.default_rng(0)
    weight = random.integers(-127, 128, (columns, inner), dtype=np.int8)
    scale = random.uniform(0.001, 0.01, columns).astype(np.float32)
    bias = random.normal(size=columns).astype(np.float32)
    x = {"x": random.normal(size=(rows, inner)).astype(np.float32)}
    stock: list[Array | None] = [np.ascontiguousarray(weight.T), scale, np.zeros(columns, np.int8), bias]
    return [
        Node(("DynamicQuantizeMatMul", "com.microsoft"), x, stock),
        Node(("Int8Linear", "edgeattn"), x, [weight, scale, None, bias]),
    ]


def _attention() -> Iterator[tuple[str, list[Node]]]:
    """Yield what attention is called, and onnxruntime's, the kernel's, and the kernel's with one input."""
    for length in (16, 128):
        plain = {name: _numbers(1, length, HEADS * SIZE) for name in "QKV"}
        mask = np.zeros((1, 1, length, length), np.float32)
        yield f"{length} tokens", _ways(plain, {})
        yield f"{length} tokens, masked", _ways(plain, {"attn_mask": mask})
        yield f"{length} tokens, causal", _ways(plain, {}, is_causal=1)
    for length in (100, 1000):
        token = {name: _numbers(1, 1, HEADS * SIZE) for name in "QKV"}
        past = {name: _numbers(1, HEADS, length, SIZE) for name in ("past_key", "past_value")}
        yield f"1 token after {length}", _ways(token, {"attn_mask": None, **past})


def _ways(parts: Mapping[str, Array], more: Mapping[str, Array | None], **attributes: int) -> list[Node]:
    attributes |= {"q_num_heads": HEADS, "kv_num_heads": HEADS}
    packed = {"Q": np.concatenate(list(parts.values()), axis=2), "K": None, "V": None}
    outputs = 3 if "past_key" in more else 1  # with the cache
    ways = [("", {**parts, **more}), ("edgeattn", {**parts, **more}), ("edgeattn", {**packed, **more})]
    return [
        Node(("Attention", domain), given, attributes=attributes, outputs=outputs) for domain, given in ways
    ]


def _numbers(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def _microseconds(nodes: Sequence[Node], library: Path, threads: int) -> list[float]:
    calls = {i: node.call(library, threads) for i, node in enumerate(nodes)}
    times = timed(calls, Clock("processor" if threads == 1 else "wall"), ROUNDS)
    return [median(times[i]) * 1e3 for i in calls]


def _input(name: str, array: Array | None) -> ir.Value | None:
    """Return an input that is free in all but its last axis."""
    if array is None:
        return None
    shape = ir.Shape([*(f"{name}_{axis}" for axis in range(array.ndim - 1)), array.shape[-1]])
    return ir.Value(name=name, type=ir.TensorType(ir.DataType.from_numpy(array.dtype)), shape=shape)


def _constant(name: str, array: Array | None) -> ir.Value | None:
    return None if array is None else ir.Value(name=name, const_value=ir.tensor(array, name=name))


if __name__ == "__main__":
    main()
