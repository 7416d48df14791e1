"""MiniLM-L6 in onnxruntime-web: the target `web` against float and onnxruntime's own `quantize_dynamic`.

    python tests/bench/bench_web.py [--rounds 100]

All runners answer the same sentences in plain Node, one thread, a process each, interleaved. Prints, per
length, the median and the 90th percentile in milliseconds, the ratio of the median to edgeattn's, the cosine
to PyTorch's embeddings over the evaluation samples and the size; then which kernels the time goes to; then
what a page of headless Chromium downloads, onnxruntime-web included, and the seconds until its first answer.
Needs Node, Chromium, and `edgeattn targets --install web`.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx_ir as ir
from onnxruntime.quantization import QuantType, quantize_dynamic
from rich.console import Console
from rich.table import Table
from web_operators import KINDS, kernel_times

from edgeattn import pipeline
from edgeattn.judge.request import FASTEST, Request
from edgeattn.progress import Silent
from edgeattn.source.handover import load
from edgeattn_export.capture import Captured
from edgeattn_export.graph.hosts.environment import folder_of
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_web import ORT_WEB
from edgeattn_runtime.bundle.deviation import cosine
from edgeattn_runtime.timing.latency import Latency, interleave

ROOT = Path(__file__).parents[2]
SENTENCE = ROOT / "models" / "sentence" / "model.py"
LENGTHS = (16, 32, 128)
OURS = "edgeattn int8"
PEER = "quantize_dynamic, QInt8"  # whose kernels are told beside edgeattn's
NAIVE = {  # of linear layers alone: all operators make an invalid graph of the standard Attention
    "quantize_dynamic, QUInt8": (QuantType.QUInt8, False),
    "quantize_dynamic, QInt8": (QuantType.QInt8, False),
    "quantize_dynamic, QInt8 per channel": (QuantType.QInt8, True),
}


@dataclass(frozen=True)
class Contestant:
    """A graph in Node, and the MB (10^6 bytes) of its files."""

    name: str
    file: Path
    runner: Runner
    size_mb: float


def main() -> None:
    """Export, quantize, measure, print."""
    parser = argparse.ArgumentParser(description="Compare int8 models of MiniLM-L6 in onnxruntime-web.")
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    logging.disable(logging.WARNING)
    source = load(str(SENTENCE))
    request = Request.read("web", source.budget, FASTEST)
    real = source.read()
    captured = source.capture(real, request.target.prover)
    with tempfile.TemporaryDirectory() as folder:
        bundle = pipeline.run(source, request, Silent()).save(Path(folder) / "ours.edge")
        found = tuple(_contestants(captured, bundle, Path(folder)))
        Console(width=132).print(_table(found, captured, real.split().evaluation, rounds))
        compared = tuple(each for each in found if each.name in (PEER, OURS))
        for length in LENGTHS:
            Console(width=132).print(_kernels(compared, captured, real.split().evaluation, length, rounds))
        Console(width=132).print(_page(bundle))


def _contestants(captured: Captured, bundle: Path, folder: Path) -> Iterator[Contestant]:
    plain = folder / "plain.onnx"
    ir.save(ORT_WEB.ready(captured.model), plain)
    files = {"plain export, float": plain}
    for name, (weights, per_channel) in NAIVE.items():
        files[name] = folder / f"{len(files)}.onnx"
        quantize_dynamic(
            plain,
            files[name],
            op_types_to_quantize=["MatMul", "Gemm"],
            weight_type=weights,
            per_channel=per_channel,
        )
    files[OURS] = bundle / "model.onnx"
    for name, file in files.items():
        size = sum(each.stat().st_size for each in file.parent.glob(f"{file.name}*"))  # with its weights
        yield Contestant(name, file, ORT_WEB.file_runner(file), size / 1e6)


def _table(found: tuple[Contestant, ...], captured: Captured, evaluation: Samples, rounds: int) -> Table:
    table = Table(title=f"MiniLM-L6 in Node, one sentence, 1 thread, {rounds} rounds")
    table.add_column("model", no_wrap=True)
    for title in (
        *(f"1x{length}: p50 (p90) ms, / edgeattn" for length in LENGTHS),
        "cosine mean",
        "worst",
        "MB",
    ):
        table.add_column(title, justify="right")
    times = []
    for length in LENGTHS:
        inputs = sized_inputs(evaluation, captured.axes, {"batch": 1, "sequence": length})
        times.append(
            interleave({each.name: each.runner.bind(inputs) for each in found}, rounds=rounds, warmup=5)
        )
    for each in found:
        cells = [_cell(time[each.name], time[OURS]) for time in times]
        table.add_row(
            each.name, *cells, *_exactness(each.runner, captured, evaluation), f"{each.size_mb:.1f}"
        )
    return table


def _cell(latency: Latency, ours: Latency) -> str:
    return f"{latency.p50:.1f} ({latency.p90:.1f}), {latency.p50 / ours.p50:.2f}"


def _exactness(runner: Runner, captured: Captured, evaluation: Samples) -> tuple[str, str]:
    (output,) = (tensor.name for tensor in captured.graph.outputs)
    found = [cosine(runner(s.inputs)[output], captured.reference(s.inputs)[output]) for s in evaluation]
    return f"{np.mean(found):.4f}", f"{np.min(found):.4f}"


def _kernels(
    compared: tuple[Contestant, ...], captured: Captured, evaluation: Samples, length: int, rounds: int
) -> Table:
    inputs = sized_inputs(evaluation, captured.axes, {"batch": 1, "sequence": length})
    times = {each.name: kernel_times(each.file, inputs, rounds) for each in compared}
    whole = sum(times[PEER].values())
    table = Table(title=f"1x{length}: ms of kernels, and share of the peer's")
    for title in ("kernels", *times):
        table.add_column(title, justify="left" if title == "kernels" else "right")
    for kind in KINDS:
        table.add_row(kind, *(_share(found[kind], whole) for found in times.values()))
    table.add_row("all", *(_share(sum(found.values()), whole) for found in times.values()))
    return table


def _share(time: float, whole: float) -> str:
    return f"{time:.2f}, {time / whole:.1%}"


def _page(bundle: Path) -> str:
    sys.path.insert(0, str(ROOT / "tests" / "web"))
    from browser import Way, answers

    said, _ = answers(bundle, folder_of("web") / "node_modules", Way())
    return f"A page downloads {said['downloaded'] / 1e6:.1f} MB and answers after {said['seconds']:.2f} s."


if __name__ == "__main__":
    main()
