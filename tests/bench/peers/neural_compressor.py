# mypy: disable-error-code="import-not-found"
"""Intel's neural-compressor: its DynamicQuantConfig, which leaves compiling to PyTorch's inductor."""

from __future__ import annotations

from pathlib import Path

from peers import inductor
from protocol.peer import HIDDEN, Job, Peer

PACKAGES = ("neural-compressor-pt", "torch", "torchao", "transformers")


def export(job: Job, folder: Path) -> None:
    """Quantize at the example's shape, and compile ahead of time."""
    import torch
    from networks.hidden import exportable
    from neural_compressor.torch.export import export as capture
    from neural_compressor.torch.quantization import DynamicQuantConfig, convert, prepare

    example = tuple(torch.from_numpy(array) for array in job.example.padded().values())
    with torch.no_grad():
        captured = capture(exportable(job.weights), example_inputs=example)
        config = DynamicQuantConfig(w_granularity="per_channel")
        prepared = prepare(captured, quant_config=config)
        prepared(*example)  # its observers of the weights must have seen them
        inductor.compile_ahead(convert(prepared), example, folder / "ahead of time")


PEERS = (
    Peer(
        "neural-compressor",
        "neural_compressor",
        PACKAGES,
        export,
        inductor.load,
        fixed=True,
        sources=(HIDDEN, Path(str(inductor.__file__))),
    ),
)
