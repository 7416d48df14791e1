"""The kernels' library, built for this machine; what was built before is built no further than it changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest

# The folder is no package: its modules are found as those of a script beside them.
sys.path.insert(0, str(Path(__file__).parent))

RUNTIME = Path(__file__).parents[3] / "runtime"


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of a build with its tests: that of EDGEATTN_KERNELS_LIBRARY where a file is named there."""
    if "EDGEATTN_KERNELS_LIBRARY" in os.environ:
        return Path(os.environ["EDGEATTN_KERNELS_LIBRARY"]).parent
    return Path(_run(RUNTIME / "kernels" / "compile", "tests"))


@pytest.fixture(scope="session")
def sanitized() -> Path:
    """The folder of a build by clang with sanitizers and fuzzers."""
    return Path(_run(RUNTIME / "kernels" / "compile-sanitized"))


def _run(*command: str | Path) -> str:
    if shutil.which("cmake") is None:
        pytest.skip("the kernels are built with CMake")
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout.strip()


@pytest.fixture(scope="session")
def library(built: Path) -> Path:
    """The library's file."""
    return built / "libedgeattn_kernels.so"


Open = Callable[..., onnxruntime.InferenceSession]
Declared = Mapping[str, tuple[ir.DataType, list[int | str] | None]]
FLOATS: Declared = {"x": (ir.DataType.FLOAT, None)}


@pytest.fixture
def opened(library: Path) -> Open:
    """What makes a session of one node: its operator, its inputs in order, and the constants among them."""

    def _opened(
        operator: str,
        inputs: list[str],
        constants: Mapping[str, np.ndarray],
        *,
        outputs: tuple[str, ...] = ("y",),
        declared: Declared = FLOATS,
        threads: int = 1,
        **attributes: ir.convenience.SupportedAttrTypes,
    ) -> onnxruntime.InferenceSession:
        values = {
            name: ir.Value(
                name=name, type=ir.TensorType(kind), shape=None if shape is None else ir.Shape(shape)
            )
            for name, (kind, shape) in declared.items()
        }
        graph_inputs = list(values.values())
        for name, array in constants.items():
            tensor = ir.tensor(array, name=name)
            values[name] = ir.Value(
                name=name, type=ir.TensorType(tensor.dtype), shape=tensor.shape, const_value=tensor
            )
        node = ir.Node(
            "edgeattn",
            operator,
            [values[name] if name else None for name in inputs],
            ir.convenience.convert_attributes(attributes),
            outputs=[ir.Value(name=name, type=ir.TensorType(ir.DataType.FLOAT)) for name in outputs],
            name="layer",
        )
        graph = ir.Graph(
            graph_inputs,
            node.outputs,
            nodes=[node],
            initializers=[values[name] for name in constants],
            opset_imports={"": 20, "edgeattn": 1},
        )
        model = ir.serde.serialize_model(ir.Model(graph, ir_version=9))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4
        options.register_custom_ops_library(str(library))
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    return _opened
