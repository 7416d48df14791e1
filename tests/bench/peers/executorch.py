# mypy: disable-error-code="import-not-found"
"""ExecuTorch: int8 by XNNPACKQuantizer (dynamic, per channel), lowered to XNNPACK. One program a shape."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from protocol.peer import HIDDEN, Array, Batch, Call, Job, Peer

PACKAGES = ("executorch", "torch", "torchao", "transformers")


def export(job: Job, folder: Path) -> None:
    """Quantize and lower at the example's shape, the layers of dynamic int8 first."""
    import torch
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import (
        XnnpackDynamicallyQuantizedPartitioner,
        XnnpackPartitioner,
    )
    from executorch.backends.xnnpack.quantizer import xnnpack_quantizer as xnnpack
    from executorch.exir import to_edge_transform_and_lower
    from networks.hidden import exportable
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    example = tuple(torch.from_numpy(array) for array in job.example.padded().values())
    network = exportable(job.weights, "eager")  # what sdpa becomes runs outside XNNPACK, twice as long in all
    quantizer = xnnpack.XNNPACKQuantizer()
    quantizer.set_global(xnnpack.get_symmetric_quantization_config(is_per_channel=True, is_dynamic=True))
    prepared = prepare_pt2e(torch.export.export(network, example).module(), quantizer)
    prepared(*example)
    program = to_edge_transform_and_lower(
        torch.export.export(convert_pt2e(prepared), example),
        partitioner=[XnnpackDynamicallyQuantizedPartitioner(), XnnpackPartitioner()],
    ).to_executorch()
    variant = folder / "xnnpack"
    variant.mkdir()
    (variant / "model.pte").write_bytes(program.buffer)


def load(variant: Path, threads: int) -> Callable[[Batch], Call]:
    """Open the program with a pool of `threads`."""
    import torch
    from executorch.extension.pybindings import portable_lib
    from executorch.runtime import Runtime

    portable_lib._unsafe_reset_threadpool(threads)
    forward = Runtime.get().load_program(variant / "model.pte").load_method("forward")

    def bind(batch: Batch) -> Call:
        feed = [torch.from_numpy(array) for array in batch.padded().values()]

        def call() -> Array:
            return np.asarray(forward.execute(feed)[0])

        return call

    return bind


PEERS = (Peer("executorch", "executorch", PACKAGES, export, load, fixed=True, sources=(HIDDEN,)),)
