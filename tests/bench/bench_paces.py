"""What a multiply-accumulate costs in each form of a target's linear layers: the paces of its search.

    edgeattn targets --install openvino
    python tests/bench/bench_paces.py openvino [--rows 128] [--rounds 60]

A chain of linear layers as wide as MiniLM's, in one form after the other, one thread, in turns. The least
time counts: whatever else runs on the machine only adds to it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.quantize import Calibration, Recipe, Treatment
from edgeattn_export.quantize.quantize import written
from edgeattn_export.quantize.recipes.recipe import EVERY
from edgeattn_export.targets import TARGETS

NARROW, WIDE, PAIRS = 384, 1536, 6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time the forms of a target's linear layers.")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--rows", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=60)
    arguments = parser.parse_args()
    target = TARGETS[arguments.target]
    x = np.random.default_rng(0).standard_normal((1, arguments.rows, NARROW)).astype(np.float32)
    samples = Samples((Sample({"x": x}),))
    calibration = Calibration(_chain(), samples, target.prover, target.forms)
    calls = {}
    for name in target.forms.linear:
        graph = written(calibration, Recipe("", ((EVERY, Treatment(name)),), ()))
        calls[name] = target.engine.runner(graph).bind({"x": x})
    thousands = 2 * PAIRS * arguments.rows * NARROW * WIDE / 1e3
    for name, least in _least_seconds(calls, arguments.rounds).items():
        print(f"{name:20} {least * 1e3:7.2f} ms  {least * 1e9 / thousands:6.2f} ns of 1,000")


def _least_seconds(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the least time of each call; the worker's processor time is not known here."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    return {name: min(measured) for name, measured in times.items()}


def _chain() -> ir.Model:
    """Return layers that widen and narrow in turn, their outputs as large as their inputs."""
    generator, tape = np.random.default_rng(1), Tape()
    x = value = ir.val("x", ir.DataType.FLOAT, (1, "rows", NARROW))
    for i in range(2 * PAIRS):
        shape = (NARROW, WIDE) if i % 2 == 0 else (WIDE, NARROW)
        weight = (generator.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)
        product = tape.op("MatMul", [value, embed(tape, weight, f"weight.{i}")], name=f"layer.{i}")
        value = tape.op("Add", [product, embed(tape, np.zeros(shape[1], np.float32), f"bias.{i}")])
        for made, width in ((product, shape[1]), (value, shape[1])):
            made.type, made.shape = ir.TensorType(ir.DataType.FLOAT), ir.Shape((1, "rows", width))
    graph = ir.Graph(
        [x], [value], nodes=tape.nodes, initializers=tape.initializers, opset_imports={"": 23}, name="chain"
    )
    return ir.Model(graph, ir_version=10)


if __name__ == "__main__":
    main()
