"""What an execution provider says that it takes: the lists that onnxruntime's own package brings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx_ir as ir
import onnxruntime

from edgeattn_runtime.errors import IncompatibleRuntimeError

_ROW = re.compile(r"^\|([\w.]+):(\w+)\|(.*)\|$", re.MULTILINE)
_STANDARD = "ai.onnx"


@dataclass(frozen=True, slots=True)
class Operators:
    """Operators by domain and name, each with the note that its documentation has; empty for none.

    Attributes:
        source: Where the list comes from, in words.
        notes: By domain and name; the standard domain is "".
        fixed: Whether every size must be fixed.
    """

    source: str
    notes: Mapping[tuple[str, str], str]
    fixed: bool = False

    @classmethod
    def of_onnxruntime(cls, file: str, *, fixed: bool = False) -> Operators:
        """Read a phone's list in the installed onnxruntime, such as "coreml_supported_mlprogram_ops.md".

        Raises:
            IncompatibleRuntimeError: This build of onnxruntime has no such list.
        """
        path = Path(onnxruntime.__file__).parent / "tools" / "mobile_helpers" / file
        if not path.exists():
            raise IncompatibleRuntimeError(
                f"onnxruntime {onnxruntime.__version__} brings no {file}; install the package onnxruntime"
            )
        rows = _ROW.findall(path.read_text(encoding="utf-8"))
        notes = {
            ("" if domain == _STANDARD else domain, name.lower()): note.replace("<br/>", " ")
            for domain, name, note in rows
        }
        return cls(f"onnxruntime {onnxruntime.__version__}, {file}", notes, fixed)

    def refusal(self, node: ir.Node) -> str | None:
        """Say why a node is not taken; None where it is."""
        if (node.domain, node.op_type.lower()) not in self.notes:
            return "not in its list of operators"
        if self.fixed and any(_is_open(value) for value in (*node.inputs, *node.outputs)):
            return "a size is not fixed"
        return None


def _is_open(value: ir.Value | None) -> bool:
    """Say whether a value's sizes are not all known."""
    if value is None or value.const_value is not None:
        return False
    return value.shape is None or any(not isinstance(size, int) for size in value.shape)
