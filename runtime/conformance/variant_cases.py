"""Bundles that are refused: variants that no engine has, or whose settings no runtime takes."""

from __future__ import annotations

import bundles
from breaking import changed
from case import INCOMPATIBLE, VARIANT, Case, in_both, refused

from edgeattn_runtime.bundle.engine_options import KERNELS_OPTION

VARIANTS = (
    Case(
        "engine-99.edge",
        INCOMPATIBLE,
        "needs onnxruntime 99.0",
        in_both("engine", "version", to="99.0"),
    ),
    Case(
        "engine-unknown.edge",
        INCOMPATIBLE,
        "no variant for an engine that anybody has",
        in_both("engine", "name", to="unheard-of"),
    ),
    Case(
        "engine-provider.edge",
        INCOMPATIBLE,
        "an execution provider that no engine has",
        in_both("engine", "providers", to=["UnheardOfExecutionProvider"]),
    ),
    refused("engine-bare.edge", "no execution provider", changed(*VARIANT, "engine", "providers", to=[])),
    refused(
        "engine-option.edge",
        "an option that is no text, number or boolean",
        changed(*VARIANT, "engine", "options", to={"session.dynamic_block_base": [0, 1]}),
    ),
    *(
        refused(f"engine-option-{name}.edge", why, changed(*VARIANT, "engine", "options", to={option: value}))
        for name, why, option, value in (
            ("file", "an option that writes a file", "session.collect_node_memory_stats_to_file", "stats"),
            ("read", "an option that reads a file", "OpenVINOExecutionProvider.load_config", "x.json"),
            ("library", "an option that loads a library", "session.custom_ops_library", "x"),
            ("address", "an option that is called", "CUDAExecutionProvider.gpu_external_alloc", "3735928559"),
            ("case", "an option in other letters", "Session.Dynamic_Block_Base", 4),
            ("text", "an option whose text is no word", "OpenVINOExecutionProvider.device_type", "../CPU"),
        )
    ),
    refused(
        "kernels-path.edge",
        "a library of kernels where their version belongs",
        changed(*VARIANT, "engine", "options", KERNELS_OPTION, to="./kernels.so", whole=bundles.with_kernels),
    ),
    refused("variants-none.edge", "no variant", changed("variants", to=[])),
    refused(
        "variant-graph.edge",
        "a variant that lacks a graph's file",
        changed(*VARIANT, "files", to={"model": "model.onnx"}, whole=bundles.several),
    ),
    refused(
        "variant-unlisted.edge",
        "a variant's file is not in files",
        changed(*VARIANT, "files", "model", to="x.onnx"),
    ),
    refused("sizes-unknown.edge", "sizes of no symbol", changed(*VARIANT, "sizes", to={"length": 4})),
    refused("sizes-beyond.edge", "a size out of bounds", changed(*VARIANT, "sizes", to={"sequence": 17})),
    refused(
        "stacks-alone.edge",
        "stacks without rows",
        changed(*VARIANT, "stacks", to=[{"sizes": {"sequence": 4}, "rows": 2}]),
    ),
    refused(
        "stacks-sizes.edge",
        "rows counted at a size of no symbol",
        changed(*VARIANT, "stacks", 0, "sizes", to={"length": 4}, whole=bundles.tuned),
    ),
    refused(
        "session-threads.edge",
        "a session without a thread",
        changed(*VARIANT, "session", "threads", to=0, whole=bundles.tuned),
    ),
    refused(
        "session-flag.edge",
        "1 where true or false belongs",
        changed(*VARIANT, "session", "spinning", to=1, whole=bundles.tuned),
    ),
)
