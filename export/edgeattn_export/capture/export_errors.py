"""What stopped an export, in one line: the module, the line or the operator, and what usually helps."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Iterator, Mapping

import onnx_ir as ir
import torch

from edgeattn_export.capture.user_code import user_line, user_line_in
from edgeattn_export.graph.fallback import finding
from edgeattn_export.graph.scopes import WRAPPED, module_of
from edgeattn_runtime.errors import CaptureError

_UNSUPPORTED = re.compile(r"No ONNX function found for <OpOverload\(op='([\w.:]+)'(?:, overload='(\w+)')?")
_NODE = re.compile(r"node with name '([^']+)'")  # as onnxruntime names one that it cannot load
_RUNNING = re.compile(r"Name:'([^']+)'")  # and one that fails
_NUMBER = "Could not extract specialized integer from data-dependent expression"
_DATA_DEPENDENT = "GuardOnDataDependent"
_RANDOM = frozenset(
    {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
)
_COMPLEX = "registered for the complex-valued input"


class ValueDependentError(CaptureError):
    """A module makes a number of a tensor's values, or decides by them."""


def depends_on_values(error: BaseException) -> bool:
    """Say whether an error of torch.export is of a number or a decision made of a tensor's values."""
    return any(_is_of_number(cause) or _is_of_decision(cause) for cause in _causes(error))


def _is_of_number(error: BaseException) -> bool:
    return _NUMBER in str(error)


def _is_of_decision(error: BaseException) -> bool:
    return _DATA_DEPENDENT in type(error).__name__


def explanation(error: BaseException, program: torch.export.ExportedProgram | None) -> str:
    """Return one line for an error of torch.export (no program yet) or of the translation to ONNX."""
    chain = tuple(_causes(error))
    text = "\n".join(str(cause) for cause in chain)
    unsupported = _UNSUPPORTED.search(text)
    if program is not None and unsupported:
        return _inexpressible(program, unsupported[1], is_complex=_COMPLEX in text)
    reason = " ".join(str(chain[-1]).split("\n\n")[0].split()) or type(chain[-1]).__name__
    location = user_line_in(text) or _raised_at(chain)
    if any(map(_is_of_number, chain)):
        return (
            f"forward makes a number of a tensor's values{location}: where it is the longest of an input of "
            "lengths, pad every sample to it; else hand over a wrapper with one more input of that size; "
            "see docs/model-file.md"
        )
    if any(map(_is_of_decision, chain)):
        return (
            f"forward decides by the values of a tensor{location}; torch.export cannot follow both ways: use "
            "torch.where, or torch.cond, or decide outside of the model"
        )
    return f"PyTorch cannot export the model{location}: {reason[:300]}"


def random_operator(model: ir.Model) -> str:
    """Return one line for an exported graph that draws random numbers; empty for others."""
    for node in model.graph.all_nodes():
        if node.op_type in _RANDOM:
            return (
                f"{_owner_name(node)} draws random numbers in forward ({node.op_type}), so no two answers "
                "are alike; draw them outside and pass them as an input, or leave them out in eval mode"
            )
    return ""


def _inexpressible(program: torch.export.ExportedProgram, operator: str, *, is_complex: bool) -> str:
    node = _calling(program, operator)
    location = "the model" if node is None else _module(node)
    line = "" if node is None else user_line_in(node.meta.get("stack_trace") or "")
    if is_complex:
        return (
            f"{location} uses {operator} on complex numbers{line}, which ONNX cannot express; write it on "
            "pairs of real numbers (torch.view_as_real)"
        )
    return (
        f"{location} uses {operator}{line}, which ONNX opset 23 cannot express; write it with other "
        "operators, or leave it out of forward"
    )


def open_failure(error: BaseException, model: ir.Model) -> str:
    """Return one line for an exported graph that onnxruntime does not open."""
    location, operator = _owner(model, _NODE.search(str(error)))
    kernel = f" for {operator}" if operator else ""
    return f"{location}: onnxruntime has no kernel{kernel}, or refuses the exported graph ({finding(error)})"


def run_failure(error: BaseException, model: ir.Model, sizes: Mapping[str, tuple[int, ...]]) -> str:
    """Return one line for an exported graph that does not run where the module does."""
    location, operator = _owner(model, _RUNNING.search(str(error)))
    return (
        f"{location}: the exported {operator or 'graph'} fails on inputs {dict(sizes)}, which the module "
        f"itself takes ({finding(error)})"
    )


def _owner(model: ir.Model, named: re.Match[str] | None) -> tuple[str, str]:
    """Return the module that a named node came from, and the node's operator; empty where there is none."""
    for node in model.graph:
        if named and node.name == named[1]:
            return _owner_name(node), node.op_type
    return "the model", ""


def _owner_name(node: ir.Node) -> str:
    return f"module {module_of(node)!r}" if module_of(node) else "the model"


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _raised_at(chain: Iterable[BaseException]) -> str:
    return user_line(frame for error in chain for frame in traceback.extract_tb(error.__traceback__))


def _calling(program: torch.export.ExportedProgram, operator: str) -> torch.fx.Node | None:
    name = operator.replace("::", ".")
    calls = (node for node in program.run_decompositions().graph.nodes if node.op == "call_function")
    return next((node for node in calls if str(node.target).startswith(name)), None)


def _module(node: torch.fx.Node) -> str:
    path, kind = next(reversed(node.meta["nn_module_stack"].values()))
    class_name = str(kind).rpartition(".")[2].rstrip("'>")
    owner = path.removeprefix(WRAPPED).removeprefix(".")
    return f"module {owner!r} ({class_name})" if owner else class_name
