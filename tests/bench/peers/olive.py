# mypy: disable-error-code="import-not-found"
"""Olive: `olive run` with its conversion to ONNX at opset 17 and its dynamic int8, per channel."""

from __future__ import annotations

from pathlib import Path

from peers import onnxruntime
from protocol.peer import Job, Peer

PACKAGES = ("olive-ai", "requests", "transformers<5", "torch", "onnxscript", "onnxruntime")


def export(job: Job, folder: Path) -> None:
    """Run the workflow."""
    import olive

    work = folder.with_name("workflow")
    olive.run(
        {
            "input_model": {
                "type": "HfModel",
                "model_path": str(job.weights),
                "task": "feature-extraction",
                "io_config": _io(job),
            },
            "passes": {
                "convert": {"type": "OnnxConversion", "target_opset": 17},
                "quantize": {"type": "OnnxDynamicQuantization", "precision": "int8", "per_channel": True},
            },
            "output_dir": str(work),
            "cache_dir": str(folder.with_name("cache")),
        }
    )
    (file,) = work.rglob("*.onnx")
    (folder / "int8").mkdir()
    file.rename(folder / "int8" / "model.onnx")


def _io(job: Job) -> dict[str, object]:
    """Return the names, shapes and axes, which Olive does not know of every local folder."""
    feed = job.example.padded()
    axes = {2: {"0": "batch", "1": "sequence"}, 4: {"0": "batch"}}  # by rank: tokens, an image
    return {
        "input_names": list(feed),
        "input_shapes": [list(array.shape) for array in feed.values()],
        "input_types": [str(array.dtype) for array in feed.values()],
        "output_names": ["last_hidden_state"],
        "dynamic_axes": {name: axes[array.ndim] for name, array in feed.items()},
    }


PEERS = (Peer("olive", "olive", PACKAGES, export, onnxruntime.load),)
