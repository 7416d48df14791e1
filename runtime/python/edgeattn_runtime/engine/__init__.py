"""onnxruntime behind a bundle's graphs: sessions, kernels, batches and deadlines."""
