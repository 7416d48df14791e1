"""What becomes of each operator, step by step.

To add one, say in ``operator_axes.py`` where it takes the axes of its operands; where that does not say all,
write a ``StreamRule`` in the file of its kind: pointwise, views, windows or attention.
"""

from __future__ import annotations

from collections.abc import Mapping

from edgeattn_export.incremental.streaming.rules.attention import ATTENTION
from edgeattn_export.incremental.streaming.rules.pointwise import POINTWISE
from edgeattn_export.incremental.streaming.rules.views import VIEWS
from edgeattn_export.incremental.streaming.rules.windows import WINDOWS
from edgeattn_export.incremental.streaming.walk import StreamRule

STREAM_RULES: Mapping[str, StreamRule] = {**POINTWISE, **VIEWS, **WINDOWS, **ATTENTION}
