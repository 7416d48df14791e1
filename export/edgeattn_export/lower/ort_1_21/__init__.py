"""onnxruntime before 1.28 on a CPU: opset 21, as Debian 13 and the Swift package have it.

Its int8 kernels are those of later releases. Attention is an operator of its own, see
``multi_head_attention``, and what that cannot say is decomposed.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts import Elsewhere
from edgeattn_export.graph.hosts.environment import PythonEnvironment
from edgeattn_export.graph.rule import Rule
from edgeattn_export.lower.decomposed import DECOMPOSED
from edgeattn_export.lower.ort_1_21.multi_head_attention import multi_head_attention
from edgeattn_export.lower.ort_cpu.residual import residual_sum
from edgeattn_runtime.engine.compatibility import ENGINE, RIGHT_ON_AMX
from edgeattn_runtime.engine.system import has_amx


@dataclass(frozen=True, slots=True)
class _WithoutAmx(Elsewhere):
    """A host that proves nothing on a CPU with AMX."""

    def missing(self) -> str | None:
        """Say what is not installed, or that this CPU's answers would be wrong."""
        if has_amx():
            return f"this CPU has amx_int8, on which {ENGINE} before {RIGHT_ON_AMX} multiplies int8 wrongly"
        return Elsewhere.missing(self)


# Debian's own release, with its defects: what is proven there needs no later one.
ENVIRONMENT = PythonEnvironment("cpu-1.21", ("onnxruntime==1.21.0", "numpy", "safetensors"))

ORT_1_21 = Engine(ENGINE, "1.21", ("CPUExecutionProvider",), host=_WithoutAmx(ENVIRONMENT))

LOWERINGS: tuple[Rule, ...] = (residual_sum, multi_head_attention, *DECOMPOSED)
