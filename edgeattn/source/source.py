"""What an export starts from: a module or an ONNX file, which yields samples, is captured, and answers."""

from __future__ import annotations

from edgeattn.source.module import ModuleSource
from edgeattn.source.onnx_file import OnnxSource

Source = ModuleSource | OnnxSource
