"""Int8Linear beside onnxruntime's DynamicQuantizeMatMul, for MiniLM's layers, in rounds of rotating order.

    python tests/bench/bench_kernels_linear.py LIBRARY [THREADS]

LIBRARY is a built libedgeattn_kernels.so. What a session adds to a run is within both times.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import onnxruntime

SHAPES = [(384, 1152), (384, 384), (384, 1536), (1536, 384)]  # query, key and value; output; up; down
ROWS = [1, 16, 128]
ROUNDS = 300

Runner = Callable[[np.ndarray], object]


def runner(
    library: str, threads: int, operator: tuple[str, str], inner: int, inputs: list[np.ndarray | None]
) -> Runner:
    """Return what runs a session of one node on rows of `inner` floats, with these constants."""
    x = ir.Value(name="x", type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape(["rows", inner]))
    values = []
    for i, array in enumerate(inputs):
        if array is None:
            values.append(None)
            continue
        tensor = ir.tensor(array, name=f"constant_{i}")
        values.append(
            ir.Value(
                name=tensor.name, type=ir.TensorType(tensor.dtype), shape=tensor.shape, const_value=tensor
            )
        )
    y = ir.Value(name="y", type=ir.TensorType(ir.DataType.FLOAT))
    node = ir.Node(*operator, [x, *values], outputs=[y], name="layer")
    graph = ir.Graph(
        [x],
        [y],
        nodes=[node],
        initializers=[value for value in values if value is not None],
        opset_imports={"": 20, "edgeattn": 1, "com.microsoft": 1},
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.register_custom_ops_library(library)
    model = ir.serde.serialize_model(ir.Model(graph, ir_version=9)).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda rows: session.run(["y"], {"x": rows})


def bench(library: str, threads: int, inner: int, columns: int, rows: int) -> None:
    """Print medians of both, and how many products and sums a second they are."""
    random = np.random.default_rng(0)
    weight = random.integers(-127, 128, (columns, inner), dtype=np.int8)
    scale = random.uniform(0.001, 0.01, columns).astype(np.float32)
    bias = random.normal(size=columns).astype(np.float32)
    zero = np.zeros(columns, np.int8)
    runners = {
        "Int8Linear": runner(
            library, threads, ("edgeattn", "Int8Linear"), inner, [weight, scale, None, bias]
        ),
        "DynamicQuantizeMatMul": runner(
            library,
            threads,
            ("com.microsoft", "DynamicQuantizeMatMul"),
            inner,
            [np.ascontiguousarray(weight.T), scale, zero, bias],
        ),
    }
    x = random.normal(size=(rows, inner)).astype(np.float32)
    times: dict[str, list[float]] = {name: [] for name in runners}
    for turn in range(ROUNDS):
        for name in sorted(runners, reverse=bool(turn % 2)):
            start = time.perf_counter()
            runners[name](x)
            times[name].append(time.perf_counter() - start)
    line = f"{rows:4} x {inner:4} x {columns:4}"
    for name, seconds in times.items():
        median = float(np.median(seconds))
        line += f"   {name} {median * 1e6:8.1f} us {2e-9 * rows * inner * columns / median:6.1f} GOPS"
    print(line, flush=True)


def main(library: str, threads: int = 1) -> None:
    """Print the instruction set, and a line a shape."""
    kernels = ctypes.CDLL(library)
    kernels.edgeattn_kernels_instruction_set.restype = ctypes.c_char_p
    print(f"{kernels.edgeattn_kernels_instruction_set().decode()}, {threads} threads")
    for rows in ROWS:
        for inner, columns in SHAPES:
            bench(library, threads, inner, columns, rows)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
