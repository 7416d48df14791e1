"""Hexagon's own binary, compiled for one system on chip: it opens at once, and fits no other chip.

onnxruntime calls it a context. Each size is compiled by itself, its weights within.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import onnx_ir as ir

from edgeattn_export.graph.files import Format, model_files
from edgeattn_export.graph.hosts import Opening
from edgeattn_export.graph.temporary import temporary_folder
from edgeattn_export.targets.qnn import EMULATOR, HTP, QNN, SM8550, SM8650, SOC_MODEL
from edgeattn_export.targets.target import Target
from edgeattn_runtime.bundle.session_settings import PLAIN

GRAPH, CONTEXT = "model.onnx", "context.onnx"


def compiled(models: Mapping[str, ir.Model], _: str, *, soc_model: int) -> dict[str, bytes]:
    """Return graphs as binaries for one chip, by the names of their files.

    Raises:
        BundleError: The compiler refuses a graph.
        IncompatibleRuntimeError: There is no compiler.
    """
    return {name: _context(model, soc_model) for name, model in models.items()}


def _context(model: ir.Model, soc_model: int) -> bytes:
    with temporary_folder() as folder:
        for file, content in model_files(model, GRAPH).items():
            (folder / file).write_bytes(content)
        written = folder / CONTEXT
        options = {
            **HTP.options,
            SOC_MODEL: soc_model,
            "ep.context_enable": True,
            "ep.context_embed_mode": 1,
            "ep.context_file_path": str(written),
        }
        graph = folder / GRAPH
        EMULATOR.open(Opening(path=graph, providers=HTP.providers, options=options, settings=PLAIN))
        return written.read_bytes()


def _for(soc_model: int, chip: str, name: str) -> Target:
    form = Format("_ctx.onnx", partial(compiled, soc_model=soc_model), EMULATOR)
    return replace(
        QNN,
        name=name,
        engine=replace(HTP, options={**HTP.options, SOC_MODEL: soc_model}, format=form),
        needs=f"onnxruntime 1.32 or later with onnxruntime-qnn 2.7 or later, and a {chip}: no other chip",
    )


QNN_SM8550 = _for(SM8550, "Snapdragon 8 Gen 2 (SM8550)", "qnn-sm8550")
QNN_SM8650 = _for(SM8650, "Snapdragon 8 Gen 3 (SM8650)", "qnn-sm8650")
