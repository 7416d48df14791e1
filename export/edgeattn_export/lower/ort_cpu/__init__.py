"""onnxruntime's CPU kernels: what they need, and what they are fast at."""
