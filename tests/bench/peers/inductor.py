# mypy: disable-error-code="import-not-found"
"""PyTorch's inductor: int8 by X86InductorQuantizer (dynamic, per channel), compiled ahead of time.

One package a shape, as lowering specializes; needs a C++ compiler.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from protocol.peer import HIDDEN, Array, Batch, Call, Job, Peer

if TYPE_CHECKING:
    from torch import Tensor, nn

PACKAGES = ("torch", "torchao", "transformers")


def export(job: Job, folder: Path) -> None:
    """Quantize, lower and compile at the example's shape."""
    import torch
    import torchao.quantization.pt2e.quantizer.x86_inductor_quantizer as x86
    from networks.hidden import exportable
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    example = tuple(torch.from_numpy(array) for array in job.example.padded().values())
    quantizer = x86.X86InductorQuantizer()
    quantizer.set_global(x86.get_default_x86_inductor_quantization_config(is_dynamic=True))
    with torch.no_grad():
        prepared = prepare_pt2e(torch.export.export(exportable(job.weights), example).module(), quantizer)
        prepared(*example)
        compile_ahead(convert_pt2e(prepared), example, folder / "ahead of time")


def compile_ahead(quantized: nn.Module, example: tuple[Tensor, ...], variant: Path) -> None:
    """Lower what PT2E quantized to the kernels for x86 and compile it into a package."""
    import torch
    from torchao.quantization.pt2e.lowering import lower_pt2e_quantized_to_x86

    variant.mkdir()
    torch._inductor.config.freezing = True
    lowered = lower_pt2e_quantized_to_x86(quantized, example)
    program = torch.export.export(lowered, example)
    torch._inductor.aoti_compile_and_package(program, package_path=str(variant / "model.pt2"))


def load(variant: Path, threads: int) -> Callable[[Batch], Call]:
    """Open the package."""
    import torch

    torch.set_num_threads(threads)
    network = torch._inductor.aoti_load_package(str(variant / "model.pt2"))

    def bind(batch: Batch) -> Call:
        feed = [torch.from_numpy(array) for array in batch.padded().values()]

        def call() -> Array:
            with torch.inference_mode():
                return np.asarray(network(*feed))

        return call

    return bind


TITLE = "inductor of PyTorch {torch} int8, fixed shapes"
PEERS = (Peer("inductor", "inductor", PACKAGES, export, load, fixed=True, sources=(HIDDEN,), title=TITLE),)
