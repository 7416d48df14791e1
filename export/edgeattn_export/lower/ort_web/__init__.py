"""onnxruntime-web's wasm kernels: those of onnxruntime's CPU, but for how fast each of them is."""

from edgeattn_export.lower.ort_web.engine import NODE, ORT_WEB

__all__ = ["NODE", "ORT_WEB"]
