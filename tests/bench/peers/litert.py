# mypy: disable-error-code="import-not-found"
"""LiteRT: `litert_torch.convert`, the quantizer's dynamic int8 recipe, the interpreter. Fixed shapes only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from protocol.peer import HIDDEN, Array, Batch, Call, Job, Peer

PACKAGES = ("litert-torch", "ai-edge-quantizer", "ai-edge-litert", "transformers")


def export(job: Job, folder: Path) -> None:
    """Convert at the example's shape and quantize."""
    import litert_torch
    import torch
    from ai_edge_quantizer import quantizer, recipe
    from networks.hidden import exportable

    variant = folder / "dynamic_wi8_afp32"
    variant.mkdir()
    plain = folder.with_name("float.tflite")
    arrays = job.example.padded().values()
    litert_torch.convert(exportable(job.weights), tuple(map(torch.from_numpy, arrays))).export(str(plain))
    quantizing = quantizer.Quantizer(str(plain))
    quantizing.load_quantization_recipe(recipe.dynamic_wi8_afp32())
    quantizing.quantize().export_model(str(variant / "model.tflite"), overwrite=True)


def load(variant: Path, threads: int) -> Callable[[Batch], Call]:
    """Open the interpreter, which computes with XNNPACK. It keeps no inputs: setting them is timed."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(variant / "model.tflite"), num_threads=threads)
    interpreter.allocate_tensors()
    inputs = sorted(interpreter.get_input_details(), key=lambda each: each["name"])
    (output,) = [each["index"] for each in interpreter.get_output_details()]

    def bind(batch: Batch) -> Call:
        arrays = zip(inputs, batch.padded().values(), strict=True)
        feed = [(each["index"], array.astype(each["dtype"])) for each, array in arrays]  # int64 became int32

        def call() -> Array:
            for index, array in feed:
                interpreter.set_tensor(index, array)
            interpreter.invoke()
            return np.asarray(interpreter.get_tensor(output))

        return call

    return bind


TITLE = "LiteRT {ai-edge-litert} int8, fixed shapes"
PEERS = (Peer("litert", "litert", PACKAGES, export, load, fixed=True, sources=(HIDDEN,), title=TITLE),)
