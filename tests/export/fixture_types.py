"""The types of the room's fixtures."""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir

from edgeattn_export.capture import Captured
from edgeattn_export.graph.runner import SessionRunner
from edgeattn_export.graph.samples import Samples

Export = Callable[..., tuple[Captured, Samples]]
Plainly = Callable[[ir.Model], SessionRunner]
Alike = Callable[..., Captured]
