# mypy: disable-error-code="import-not-found"
"""Optimum: `main_export`, ORTOptimizer, and its configuration for AVX512 VNNI, dynamic and per channel.

Its ORTQuantizer fails on the graphs of O2 and O3: onnxruntime's `quantize_dynamic` takes these.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from peers import onnxruntime
from protocol.peer import Job, Peer

LEVELS = ("O2", "O3")


def export(job: Job, folder: Path) -> None:
    """Export with no optimization and at both levels, each quantized."""
    from optimum.exporters.onnx import main_export
    from optimum.onnxruntime import ORTQuantizer
    from optimum.onnxruntime.configuration import AutoQuantizationConfig

    plain = folder.with_name("plain")
    task = "feature-extraction"
    main_export(str(job.weights), plain, task=task, library_name="transformers", do_validation=False)
    quantizer = ORTQuantizer.from_pretrained(plain, file_name="model.onnx")
    config = AutoQuantizationConfig.avx512_vnni(is_static=False, per_channel=True)
    quantizer.quantize(config, save_dir=folder.with_name("quantized"))
    (folder / "O0").mkdir()
    (folder.with_name("quantized") / "model_quantized.onnx").rename(folder / "O0" / "model.onnx")
    for level in LEVELS:
        _optimized(plain, level, folder / level)


def _optimized(plain: Path, level: str, variant: Path) -> None:
    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from optimum.onnxruntime import ORTOptimizer
    from optimum.onnxruntime.configuration import AutoOptimizationConfig
    from transformers import AutoConfig

    optimizer = ORTOptimizer([plain / "model.onnx"], config=AutoConfig.from_pretrained(plain))
    optimized = plain.with_name(level)
    optimizer.optimize(getattr(AutoOptimizationConfig, level)(), save_dir=optimized)
    variant.mkdir()
    file = next(optimized.glob("*.onnx"))
    quantize_dynamic(
        file,
        variant / "model.onnx",
        weight_type=QuantType.QInt8,
        per_channel=True,
        extra_options={"DefaultTensorType": TensorProto.FLOAT},  # of what its recovered operators return
    )
    shutil.rmtree(optimized)


PACKAGES = ("optimum-onnx[onnxruntime]",)
TITLE = "Optimum {optimum-onnx} int8 on onnxruntime {onnxruntime}"
PEERS = (Peer("optimum", "optimum", PACKAGES, export, onnxruntime.load, title=TITLE),)
