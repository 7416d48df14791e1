"""Cases of the int8 network: bundles of it, whole or with broken graphs, and what it answers.

Rows of bundles.json name ``calls`` by (batch, sequence), and whether samples are given ``together``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import kernel_nodes
import numpy as np
import onnx_ir as ir
import tiny
import together
from bundles import CPU, ENGINE, MODEL_FILE, ROWS, SYMBOLS, TABLE, WEB, described, onnx, whole
from case import Case, Entry, Files, accepted, answered
from edits import changed
from tiny import LENGTHS, LOOKUP, MODEL, TOKENS

from edgeattn_runtime.bundle.engine_options import KERNELS_OPTION
from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.engine.kernels import DOMAIN_VERSION

_IDS = np.array([[1, 2, 3]])


def cases() -> Iterator[Case]:
    """Yield bundles that every runtime opens."""
    made: dict[str, Files] = {}
    for row in TABLE["network"]:
        name = row["bundle"]
        made[name] = files = changed(row, made) if "of" in row else _MADE[name]()
        asks: dict[str, Any] = {"calls": calls(*row["calls"])} if "calls" in row else {}
        asks |= {"run_many": together.batches()} if "together" in row else {}
        asks |= {"trusted_keys": row["trusted_keys"]} if "trusted_keys" in row else {}
        yield accepted(name, row["why"], files, **{**asks, **(_ASKS[name]() if name in _ASKS else {})})


def broken() -> Iterator[Case]:
    """Yield bundles whose graphs are others than a table of mutations could make."""
    outside = "../several.edge/weights/lookup.bin"
    files = _several(outside, outside)
    yield Case("weights-outside", "a graph reads another folder's weights", files, "refused")
    files = _kernels(extra_columns=1)
    yield Case("kernels-shape", "a node for a kernel whose weight does not fit", files, "refused")
    files = _network(tiny.unheard_of())
    yield Case("graph-unheard-of", "an operator that no engine has", files, "incompatible")


def good() -> Files:
    """Return the bundle of one graph that most others are made of."""
    return _network(tiny.network())


def calls(*shapes: tuple[int, int]) -> list[Entry]:
    """Return calls of the int8 network, (batch, sequence) each, and what it must come near."""
    return [answered(sample.inputs, sample.outputs) for sample in tiny.samples(shapes)]


def _network(model: ir.Model, samples: Iterable[Sample] | None = None, **manifest: Any) -> Files:
    """Return a bundle of the int8 network, its golden vectors those of the float one."""
    golden = tiny.samples() if samples is None else samples
    return whole(model, MODEL, golden, **{"symbols": SYMBOLS, **manifest})


def _long_named() -> Files:
    """Return a graph with a long name, which the engine's errors repeat."""
    model = tiny.network()
    next(node for node in model.graph if node.op_type == "Gather").name = "lookup" + 39_994 * "_"
    return _network(model)


def _padded() -> Files:
    """Return the graph that makes its mask of lengths."""
    graphs = {"model": replace(MODEL, inputs=(TOKENS, LENGTHS))}
    rows = replace(ROWS, padding=None)
    return _network(tiny.of_lengths(), tiny.padded_samples(), graphs=graphs, rows=rows)


def _several(table: str = "weights/lookup.bin", web_table: str = "lookup.onnx.data") -> Files:
    """Return two graphs, the second with its weights in a file, which its twin for browsers has elsewhere."""
    weights = tiny.weights()["table"].tobytes()
    files = {
        **good(),
        "weights/lookup.bin": weights,
        "lookup.onnx": onnx(tiny.lookup(table)),
        f"{WEB}/lookup.onnx.data": weights,
        f"{WEB}/lookup.onnx": onnx(tiny.lookup(web_table)),
    }
    variant = replace(CPU, files={"model": MODEL_FILE, "lookup": "lookup.onnx"})
    return described(files, graphs={"model": MODEL, "lookup": LOOKUP}, variants=(variant,))


def _preferred() -> Files:
    """Return variants for engines that nobody has, before one for an engine that is there."""
    engines = {
        "npu": replace(ENGINE, name="unheard-of", version="1", options={"precision": "fp16", "fast": True}),
        "future": replace(ENGINE, version="99.0"),
        "gpu": replace(ENGINE, providers=("UnheardOfExecutionProvider", *ENGINE.providers)),
    }
    nowhere = (replace(CPU, target=target, engine=engine) for target, engine in engines.items())
    return described(good(), variants=(*nowhere, CPU))


def _buckets() -> Files:
    graphs = {"short.onnx": onnx(tiny.network(1, 4)), "long.onnx": onnx(tiny.network(2, 8))}
    short = replace(CPU, files={"model": "short.onnx"}, sizes={"batch": 1, "sequence": 4})
    long = replace(CPU, files={"model": "long.onnx"}, sizes={"batch": 2, "sequence": 8})
    return described({**good(), **graphs}, rows=ROWS, variants=(short, long, CPU))


def _fixed() -> Files:
    samples = tiny.samples([(1, 4), (2, 4), (3, 4), (1, 4)])
    return _network(tiny.network(sequence=4), samples, variants=(replace(CPU, sizes={"sequence": 4}),))


def _kernels(*, extra_columns: int = 0) -> Files:
    """Return a graph whose products are nodes of the domain edgeattn, and a manifest with their version."""
    engine = replace(ENGINE, version=kernel_nodes.ENGINE_VERSION, options={KERNELS_OPTION: DOMAIN_VERSION})
    model = kernel_nodes.network(extra_columns=extra_columns)
    return _network(model, variants=(replace(CPU, engine=engine),))


def _lengths() -> list[Entry]:
    """Return calls whose longest row fills the axis, the first or another."""
    last = {"tokens": np.array([[1, 2, 3], [4, 5, 6]]), "lengths": np.array([2, 3])}
    mask = np.array([[1, 1, 0], [1, 1, 1]], np.float32)
    samples = tiny.padded_samples([(1, 4), (3, 5)])
    samples.append(Sample(last, tiny.answer(last["tokens"], mask)))
    return [answered(sample.inputs, sample.outputs) for sample in samples]


def _ends() -> list[Entry]:
    """Return a call of the first and the last row of the table."""
    inputs = {"tokens": np.array([[0, tiny.WORDS - 1, 0]]), "mask": np.ones((1, 3), np.float32)}
    return [answered(inputs, tiny.answer(**inputs))]


def _looked_up() -> list[Entry]:
    vectors = {"vectors": tiny.weights()["table"][_IDS]}
    return [{"graph": "lookup", **answered({"tokens": _IDS}, vectors)}]


_MADE: dict[str, Callable[[], Files]] = {
    "good": good,
    "long-named": _long_named,
    "padded": _padded,
    "several": _several,
    "positions": together.positions,
    "preferred": _preferred,
    "buckets": _buckets,
    "kernels": _kernels,
    "fixed": _fixed,
}
_ASKS: dict[str, Callable[[], dict[str, list[Entry]]]] = {
    "indexed": lambda: {"calls": _ends()},
    "padded": lambda: {"calls": _lengths(), "run_many": together.padded_batches()},
    "several": lambda: {"calls": _looked_up()},
    "positions": lambda: {"run_many": together.by_position()},
}
