"""MiniLM-L6 in int8: edgeattn against onnxruntime's own `quantize_dynamic` on the plain export.

    python tests/bench/bench_int8.py [--threads 1] [--rounds 100]

All runners answer the same sentences in one process, interleaved, each with the same intra-op threads.
Prints, per length, the median and the 90th percentile in milliseconds, the ratio of the median to
edgeattn's, the cosine to PyTorch's embeddings (mean and worst over the evaluation samples) and the size.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx_ir as ir
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from rich.console import Console
from rich.table import Table

from edgeattn import pipeline
from edgeattn.judge.request import FASTEST, Request
from edgeattn.progress import Silent
from edgeattn.source.handover import load
from edgeattn.source.module import ModuleSource
from edgeattn_export.capture import Captured
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_runtime.bundle.deviation import cosine
from edgeattn_runtime.bundle.session_settings import PLAIN
from edgeattn_runtime.timing.latency import Latency, interleave

SENTENCE = Path(__file__).parents[2] / "models" / "sentence" / "model.py"
LENGTHS = (16, 128)
OURS = "edgeattn int8"
LINEAR = ["MatMul", "Gemm"]  # all operators, its default, makes an invalid graph of the standard Attention


@dataclass(frozen=True)
class Contestant:
    """A way to run the model, and the MB (10^6 bytes) of its files; None for the module itself."""

    name: str
    runner: Runner
    size_mb: float | None = None


def main() -> None:
    """Export, quantize, measure, print."""
    arguments = _arguments()
    logging.disable(logging.WARNING)
    torch.set_num_threads(arguments.threads)
    source = load(str(SENTENCE))
    real = source.read()
    request = Request.read("cpu", source.budget, FASTEST)
    captured = source.capture(real, request.target.engine)
    with tempfile.TemporaryDirectory() as folder:
        found = tuple(_contestants(source, request, captured, Path(folder), arguments.threads))
        table = _measured(found, captured, real.split().evaluation, arguments)
    Console(width=132).print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare int8 models of MiniLM-L6 in onnxruntime.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=100)
    return parser.parse_args()


def _contestants(
    source: ModuleSource, request: Request, captured: Captured, folder: Path, threads: int
) -> Iterator[Contestant]:
    engine, settings = captured.engine, replace(PLAIN, threads=threads)
    yield Contestant("PyTorch eager", captured.reference)
    plain = folder / "plain.onnx"
    ir.save(engine.ready(captured.model), plain)
    files = {"plain export, float": plain}
    for name, weights, per_channel in (
        ("quantize_dynamic, QUInt8", QuantType.QUInt8, False),
        ("quantize_dynamic, QInt8", QuantType.QInt8, False),
        ("quantize_dynamic, QInt8 per channel", QuantType.QInt8, True),
    ):
        files[name] = folder / f"{len(name)}.onnx"
        quantize_dynamic(
            plain,
            files[name],
            op_types_to_quantize=LINEAR,
            weight_type=weights,
            per_channel=per_channel,
        )
    bundle = pipeline.run(source, request, Silent()).save(folder / "ours.edge")
    files[OURS] = bundle / "model.onnx"
    for name, file in files.items():
        size = sum(each.stat().st_size for each in file.parent.glob(f"{file.name}*"))  # with its weights
        yield Contestant(name, engine.file_runner(file, settings=settings), size / 1e6)


def _measured(
    found: tuple[Contestant, ...], captured: Captured, evaluation: Samples, asked: argparse.Namespace
) -> Table:
    table = Table(title=f"MiniLM-L6, one sentence, {asked.threads} thread(s), {asked.rounds} rounds")
    table.add_column("model", no_wrap=True)
    for length in LENGTHS:
        table.add_column(f"1x{length}: p50 (p90) ms", justify="right")
        table.add_column("/ edgeattn", justify="right")
    for title in ("cosine mean", "worst", "MB"):
        table.add_column(title, justify="right")
    times = [_times(found, captured, evaluation, length, asked.rounds) for length in LENGTHS]
    for each in found:
        cells = [cell for time in times for cell in _time_cells(time[each.name], time[OURS])]
        table.add_row(each.name, *cells, *_quality_cells(each, captured, evaluation))
    return table


def _times(
    found: tuple[Contestant, ...], captured: Captured, evaluation: Samples, length: int, rounds: int
) -> Mapping[str, Latency]:
    inputs = sized_inputs(evaluation, captured.axes, {"batch": 1, "sequence": length})
    return interleave({each.name: each.runner.bind(inputs) for each in found}, rounds=rounds, warmup=5)


def _time_cells(latency: Latency, ours: Latency) -> tuple[str, str]:
    return f"{latency.p50:.2f} ({latency.p90:.2f})", f"{latency.p50 / ours.p50:.2f}"


def _quality_cells(each: Contestant, captured: Captured, evaluation: Samples) -> tuple[str, str, str]:
    if each.size_mb is None:
        return "1", "1", ""
    (output,) = (tensor.name for tensor in captured.graph.outputs)
    answers = ((each.runner(s.inputs), captured.reference(s.inputs)) for s in evaluation)
    found = [cosine(answer[output], expected[output]) for answer, expected in answers]
    return f"{np.mean(found):.4f}", f"{np.min(found):.4f}", f"{each.size_mb:.1f}"


if __name__ == "__main__":
    main()
