"""MiniLM-L6 in int8: this project against onnxruntime's own `quantize_dynamic` on the plain export.

    python tests/bench/bench_int8.py [--threads 1] [--rounds 100]

All rivals answer the same sentences in one process, interleaved, each with the same threads. Prints, per
length, the median and the 90th percentile in milliseconds, the ratio of its median to ours, the cosine to
PyTorch's embeddings (mean and worst over the held-out sentences) and the file's size.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnx_ir as ir
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from rich.console import Console
from rich.table import Table

from edgeattn.source.handover import load
from edgeattn_export.capture import Captured, capture, read_samples
from edgeattn_export.graph.axes import infer_axes
from edgeattn_export.graph.samples import Parts, Samples
from edgeattn_export.graph.shapes import shaped
from edgeattn_export.graph.trials import trials
from edgeattn_export.lower import lower
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, quantize
from edgeattn_export.quantize.float_parts import FloatPart
from edgeattn_export.recover import recover
from edgeattn_export.search import Bench, Goal, Store, search
from edgeattn_export.targets.cpu import CPU
from edgeattn_runtime.latency import Latency, interleave
from edgeattn_runtime.session import open_session
from edgeattn_runtime.similarity import cosine

SENTENCE = Path(__file__).parents[2] / "models" / "sentence" / "model.py"
LENGTHS = (16, 128)
PYTORCH, PLAIN, OURS = "PyTorch eager", "plain export, float", "edgeattn int8"
Sessions = Mapping[str, onnxruntime.InferenceSession]
LINEAR = ["MatMul", "Gemm"]  # all operators, its default, makes an invalid graph of the standard Attention


@dataclass(frozen=True)
class Rival:
    """A file in onnxruntime, or the module in PyTorch where there is none."""

    name: str
    file: Path | None


def main() -> None:
    """Export, quantize, measure, print."""
    arguments = _arguments()
    logging.disable(logging.WARNING)
    torch.set_num_threads(arguments.threads)
    handover = load(str(SENTENCE))
    samples = read_samples(handover.module, handover.samples)
    axes = infer_axes(samples, handover.dynamic)
    parts = samples.split()
    captured = capture(handover.module, parts.calibration, axes, ORT_CPU)
    with tempfile.TemporaryDirectory() as folder:
        rivals = tuple(_rivals(captured, parts, Path(folder)))
        table = _measured(rivals, captured, parts.evaluation, arguments)
    Console(width=132).print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare int8 models of MiniLM-L6 in onnxruntime.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=100)
    return parser.parse_args()


def _rivals(captured: Captured, parts: Parts, folder: Path) -> Iterator[Rival]:
    yield Rival(PYTORCH, None)
    plain = folder / "plain.onnx"
    ir.save(captured.model, plain)
    yield Rival(PLAIN, plain)
    for name, weights, per_channel in (
        ("quantize_dynamic, QUInt8", QuantType.QUInt8, False),
        ("quantize_dynamic, QInt8", QuantType.QInt8, False),
        ("quantize_dynamic, QInt8 per channel", QuantType.QInt8, True),
    ):
        file = folder / f"{len(name)}.onnx"
        quantize_dynamic(
            plain, file, op_types_to_quantize=LINEAR, weight_type=weights, per_channel=per_channel
        )
        yield Rival(name, file)
    ours = folder / "ours.onnx"
    recovered, inputs = recover(captured, parts.calibration), trials(parts.calibration, captured.axes)
    lowered = lower(recovered.model, CPU.lowerings, CPU.engine, inputs)
    known = Calibration(lowered.model, parts.calibration, CPU.engine, CPU.forms)
    part = FloatPart(known, parts.selection, captured.graph)
    found = search(part, Goal(), Bench(CPU.candidates, "this machine", Store(None)))
    ir.save(quantize(known, found.chosen.recipe).model, ours)
    yield Rival(OURS, ours)


def _measured(
    rivals: tuple[Rival, ...], captured: Captured, judged: Samples, asked: argparse.Namespace
) -> Table:
    sessions = {r.name: open_session(r.file, threads=asked.threads) for r in rivals if r.file}
    table = Table(title=f"MiniLM-L6, one sentence, {asked.threads} thread(s), {asked.rounds} rounds")
    table.add_column("model", no_wrap=True)
    for length in LENGTHS:
        table.add_column(f"1x{length}: p50 (p90) ms", justify="right")
        table.add_column("/ ours", justify="right")
    for title in ("cosine mean", "worst", "MB"):
        table.add_column(title, justify="right")
    times = [_times(sessions, captured, judged, length, asked.rounds) for length in LENGTHS]
    for rival in rivals:
        cells = [cell for time in times for cell in _time_cells(time[rival.name], time[OURS])]
        table.add_row(rival.name, *cells, *_quality_cells(rival, sessions, captured, judged))
    return table


def _times(
    sessions: Sessions, captured: Captured, judged: Samples, length: int, rounds: int
) -> Mapping[str, Latency]:
    inputs = shaped(judged, captured.axes, {"batch": 1, "sequence": length})
    calls = {name: partial(session.run, None, dict(inputs)) for name, session in sessions.items()}
    return interleave({PYTORCH: captured.reference.bind(inputs), **calls}, rounds=rounds, warmup=5)


def _time_cells(latency: Latency, ours: Latency) -> tuple[str, str]:
    return f"{latency.p50:.2f} ({latency.p90:.2f})", f"{latency.p50 / ours.p50:.2f}"


def _quality_cells(
    rival: Rival, sessions: Sessions, captured: Captured, judged: Samples
) -> tuple[str, str, str]:
    if rival.file is None:
        return "1", "1", ""
    found = [
        cosine(sessions[rival.name](s.inputs)["embedding"], captured.reference(s.inputs)["embedding"])
        for s in judged
    ]
    return f"{np.mean(found):.4f}", f"{np.min(found):.4f}", f"{rival.file.stat().st_size / 1e6:.1f}"


if __name__ == "__main__":
    main()
