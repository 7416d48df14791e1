"""Times Int8Linear beside onnxruntime's own DynamicQuantizeMatMul, in sessions of one thread, in rounds of rotating order.

python runtime/kernels/bench/bench_int8_linear.py LIBRARY [THREADS]
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

SHAPES = [(384, 1152), (384, 384), (384, 1536), (1536, 384)]  # MiniLM's linear layers
ROWS = [1, 16, 128]
ROUNDS = 300


def session(
    library: str, threads: int, node: onnx.NodeProto, constants: dict[str, np.ndarray], inner: int
) -> Callable:
    graph = helper.make_graph(
        [node],
        "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", inner])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    domains = [helper.make_opsetid(domain, 1) for domain in ("edgeattn", "com.microsoft")]
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20), *domains], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.register_custom_ops_library(library)
    opened = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda x: opened.run(["y"], {"x": x})


def bench(library: str, threads: int, inner: int, columns: int, rows: int) -> None:
    random = np.random.default_rng(0)
    weight = random.integers(-127, 128, (columns, inner), dtype=np.int8)
    scale = random.uniform(0.001, 0.01, columns).astype(np.float32)
    bias = random.normal(size=columns).astype(np.float32)
    own = helper.make_node("Int8Linear", ["x", "weight", "scale", "", "bias"], ["y"], domain="edgeattn")
    stock = helper.make_node(
        "DynamicQuantizeMatMul", ["x", "weight", "scale", "zero", "bias"], ["y"], domain="com.microsoft"
    )
    runners = {
        "Int8Linear": session(library, threads, own, {"weight": weight, "scale": scale, "bias": bias}, inner),
        "DynamicQuantizeMatMul": session(
            library,
            threads,
            stock,
            {"weight": weight.T.copy(), "scale": scale, "zero": np.zeros(columns, np.int8), "bias": bias},
            inner,
        ),
    }
    x = random.normal(size=(rows, inner)).astype(np.float32)
    times: dict[str, list[float]] = {name: [] for name in runners}
    names = list(runners)
    for round_ in range(ROUNDS):
        for name in names[round_ % 2 :] + names[: round_ % 2]:
            start = time.perf_counter()
            runners[name](x)
            times[name].append(time.perf_counter() - start)
    medians = {name: float(np.median(values)) for name, values in times.items()}
    gops = {name: 2e-9 * rows * inner * columns / value for name, value in medians.items()}
    line = "   ".join(f"{name} {medians[name] * 1e6:8.1f} us {gops[name]:6.1f} GOPS" for name in runners)
    print(f"{rows:4} x {inner:4} x {columns:4}   {line}", flush=True)


def main() -> None:
    library, threads = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    kernels = ctypes.CDLL(library)
    kernels.edgeattn_kernels_instruction_set.restype = ctypes.c_char_p
    print(f"{kernels.edgeattn_kernels_instruction_set().decode()}, {threads} threads")
    for rows in ROWS:
        for inner, columns in SHAPES:
            bench(library, threads, inner, columns, rows)


if __name__ == "__main__":
    main()
