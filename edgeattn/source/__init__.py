"""What a user hands over: a module, a Python file or an ONNX file; its samples, metric and words."""
