"""The workshop: nn.Module or ONNX file -> ONNX -> int8 -> the files of a bundle.

A room a stage, in the order of the data: capture, recover, cache, lower, quantize, search, pack; ``graph``
holds what all of them need, ``targets`` how engines differ. Stages pass frozen values; none of them knows
the front door.
"""
