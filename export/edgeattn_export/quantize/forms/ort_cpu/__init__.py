"""Int8 forms that onnxruntime's CPU kernels compute."""
