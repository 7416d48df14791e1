"""What stopped an export, in one line: the module, the line or the operator, and what usually helps."""

from __future__ import annotations

import re
from collections.abc import Iterator

import onnx_ir as ir
import torch

from edgeattn_export.scopes import WRAPPED, module_of

_UNSUPPORTED = re.compile(r"No ONNX function found for <OpOverload\(op='([\w.:]+)'(?:, overload='(\w+)')?")
_LINE = re.compile(r'File "([^"]+)", line (\d+), in (\S+)\n\s+(.+)')
_NODE = re.compile(r"node with name '([^']+)'")
_DATA_DEPENDENT = "GuardOnDataDependent"


def explained(error: BaseException, program: torch.export.ExportedProgram | None) -> str:
    """Return one line for an error of torch.export (no program yet) or of the translation to ONNX."""
    chain = tuple(_causes(error))
    text = "\n".join(str(cause) for cause in chain)
    unsupported = _UNSUPPORTED.search(text)
    if program is not None and unsupported:
        operator = unsupported[1]
        where = _module_calling(program, operator) or "the model"
        return (
            f"{where} uses {operator}, which ONNX opset 23 cannot express; write it with other operators, or "
            "leave it out of forward"
        )
    reason = " ".join(str(chain[-1]).split("\n\n")[0].split()) or type(chain[-1]).__name__
    where = _line(text)
    if any(_DATA_DEPENDENT in type(cause).__name__ for cause in chain):
        return (
            f"forward decides by the values of a tensor{where}; torch.export cannot follow both ways: use "
            "torch.where, or torch.cond, or decide outside of the model"
        )
    return f"PyTorch cannot export the model{where}: {reason[:300]}"


def unrunnable(error: BaseException, model: ir.Model) -> str:
    """Return one line for an exported graph that onnxruntime does not open."""
    named = _NODE.search(str(error))
    owners = [(module_of(node), node.op_type) for node in model.graph if named and node.name == named[1]]
    where = "the model" if not owners or not owners[0][0] else f"module {owners[0][0]!r}"
    operator = f" for {owners[0][1]}" if owners else ""
    return f"{where}: onnxruntime has no kernel{operator}, or refuses the exported graph ({error})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _line(text: str) -> str:
    found = _LINE.findall(text)
    if not found:
        return ""
    path, number, function, code = found[-1]
    return f" at {path.rpartition('/')[2]}, line {number}, in {function} ({code.strip()})"


def _module_calling(program: torch.export.ExportedProgram, operator: str) -> str | None:
    name = operator.replace("::", ".")
    for node in program.run_decompositions().graph.nodes:
        if node.op == "call_function" and str(node.target).startswith(name):
            path, kind = next(reversed(node.meta["nn_module_stack"].values()))
            class_name = str(kind).rpartition(".")[2].rstrip("'>")
            owner = path.removeprefix(WRAPPED).removeprefix(".")
            return f"module {owner!r} ({class_name})" if owner else class_name
    return None
