"""An exported program -> ir.Model: PyTorch's own translation to ONNX, its ends by the user's names."""

from __future__ import annotations

import onnx_ir as ir
import torch
from onnx_ir.passes.common import NameFixPass

from edgeattn_export.capture.adapt import TRANSLATED, name_hidden_operators
from edgeattn_export.capture.captured import OPSET
from edgeattn_export.capture.checks import drop_checks
from edgeattn_export.capture.exact_constants import exact_constants
from edgeattn_export.capture.export_errors import explained
from edgeattn_export.capture.stray_constants import adopt_constants
from edgeattn_export.capture.tracing import traceable
from edgeattn_export.capture.ways.asked import Asked, Program
from edgeattn_export.graph.serialize import lay_out
from edgeattn_runtime.errors import CaptureError


def translated(program: Program, asked: Asked) -> ir.Model:
    """Translate a program.

    Args:
        program: Of a module that takes its inputs in order.
        asked: Names the inputs and outputs.

    Raises:
        CaptureError: The program holds what ONNX cannot express.
    """
    with traceable(), exact_constants():
        try:
            name_hidden_operators(program)
            drop_checks(program)
            onnx = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=OPSET,
                input_names=list(asked.samples.names),
                output_names=list(asked.outputs),
                custom_translation_table=dict(TRANSLATED),
                verbose=False,
            )
        except Exception as error:
            raise CaptureError(explained(error, program)) from error
    if onnx is None:  # only where torch.onnx.export is given a file to write
        raise CaptureError("torch.onnx.export returned no program; expected one")
    adopt_constants(onnx.model)
    NameFixPass()(onnx.model)  # an output may be called as some inner value already is
    lay_out(onnx.model)
    return onnx.model
