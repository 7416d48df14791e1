"""Cases of the int8 network: bundles of it, whole or with broken graphs, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import edits
import kernel_nodes
import many
import numpy as np
import onnx_ir as ir
import tiny
from bundles import CPU, ENGINE, MODEL_FILE, ROWS, SYMBOLS, WEB, described, onnx, whole
from case import REFUSED, Case, Entry, Files, accepted, answered, refused
from graphs import Array
from tiny import LENGTHS, LOOKUP, MASK, MODEL, TOKENS

from edgeattn_runtime.bundle.engine_options import KERNELS_OPTION
from edgeattn_runtime.bundle.files import Signature
from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.bundle.rows import Stack
from edgeattn_runtime.bundle.session_settings import SessionSettings
from edgeattn_runtime.engine.kernels import DOMAIN_VERSION

_IDS = np.array([[1, 2, 3]])
_SHOWN = np.ones((1, 3), np.float32)
_ALONE = {"tokens": _IDS, "mask": _SHOWN}
_LEFT_BEHIND = {
    "desktop": (
        "what Finder and Explorer leave in a folder that they show",
        {".DS_Store": "\0\0\0\1Bud1", "Thumbs.db": "\xd0\xcf\x11\xe0"},
    ),
    "downloaded": (
        "what Hugging Face's hub leaves in a folder that it fills",
        {
            ".gitattributes": "# says how Git stores files\n",
            ".cache/huggingface/download/model.onnx.metadata": f"{'0' * 40}\n{'0' * 64}\n1764374400\n",
        },
    ),
}


@cache
def good() -> Files:
    """Return the bundle of one graph that most others are made of."""
    return network(tiny.network())


def network(model: ir.Model, samples: Iterable[Sample] | None = None, **manifest: Any) -> Files:
    """Return a bundle of the int8 network, its golden vectors those of the float one."""
    golden = tiny.samples() if samples is None else samples
    return whole(model, MODEL, golden, **{"symbols": SYMBOLS, **manifest})


def calls(*shapes: tuple[int, int]) -> list[Entry]:
    """Return calls of the int8 network, (batch, sequence) each, and what it must come near."""
    return [answered(sample.inputs, sample.outputs) for sample in tiny.samples(shapes)]


def cases() -> Iterator[Case]:
    """Yield bundles that every runtime opens."""
    yield accepted(
        "good",
        "whole, and right",
        good(),
        calls=[*calls((1, 4), (3, 2)), *_broken_calls()],
        run_many=many.together(),
        stream=[{"hop": 1, "window": 4, "pushes": [], **REFUSED, "needs": "stream"}],
        steps=[{"pushes": [], **REFUSED, "needs": "steps"}],
    )
    yield from _inputs()
    yield from _variants()
    kernels = _with_kernels()
    newer = edits.edited(kernels, set={f"variants * engine options {KERNELS_OPTION}": 99})
    why = "nodes for kernels that a runtime may have, each with a function of stock operators"
    yield accepted("kernels", why, kernels, calls=calls((1, 4), (3, 2)))
    why = "nodes for kernels of a version that no runtime has"
    yield accepted("kernels-99", why, newer, calls=calls((1, 4)))
    samples = tiny.samples([(1, 4), (2, 4), (3, 4), (1, 4)])
    fixed = network(tiny.network(sequence=4), samples, variants=(replace(CPU, sizes={"sequence": 4}),))
    others = [refused(**sample.inputs) for sample in tiny.samples([(1, 3), (1, 5)])]
    yield accepted("fixed", "no length but one", fixed, calls=[*calls((2, 4)), *others])
    for name, (why, files) in _LEFT_BEHIND.items():
        yield accepted(name, why, edits.edited(good(), write=files), calls=calls((1, 4)))
    signature = Signature("ed25519", edits.PUBLIC_KEY)
    signed = edits.edited(described(good(), signature=signature), sign=True)
    yield accepted("signed", "a signature that verifies", signed)
    keys = ["5a" * 32, edits.PUBLIC_KEY]
    yield accepted("trusted", "signed by the second of two trusted keys", signed, trusted_keys=keys)


def broken() -> Iterator[Case]:
    """Yield bundles whose graphs are others than a table of mutations could make."""
    outside = "../several.edge/weights/lookup.bin"
    files = _several(outside, outside)
    yield Case("weights-outside", "a graph reads another folder's weights", files, "refused")
    files = _with_kernels(extra_columns=1)
    yield Case("kernels-shape", "a node for a kernel whose weight does not fit", files, "refused")
    files = network(tiny.unheard_of())
    yield Case("graph-unheard-of", "an operator that no engine has", files, "incompatible")


def _inputs() -> Iterator[Case]:
    """Yield bundles that know more of what they take."""
    model = tiny.network()
    next(node for node in model.graph if node.op_type == "Gather").name = "lookup" + 39_994 * "_"
    yield accepted(
        "long-named",
        "a lookup with a name of 40,000 characters, and tokens beyond its table",
        network(model),  # the engine's errors repeat the name
        calls=[refused(tokens=_IDS + 99, mask=_SHOWN)],
    )
    graph = replace(MODEL, inputs=(replace(TOKENS, table_rows=tiny.WORDS), MASK))
    ends = {"tokens": np.array([[0, tiny.WORDS - 1, 0]]), "mask": _SHOWN}
    beyond = [np.array([[1, index, 3]]) for index in (-1, -tiny.WORDS, tiny.WORDS, 2**40)]
    yield accepted(
        "indexed",
        "tokens that index a table of 16 rows",
        described(good(), graphs={"model": graph}),
        calls=[answered(ends, tiny.answer(**ends)), *(refused(tokens=ids, mask=_SHOWN) for ids in beyond)],
    )
    graphs = {"model": replace(MODEL, inputs=(TOKENS, LENGTHS))}
    yield accepted(
        "padded",
        "lengths of sequences, the longest of which fills their axis",
        network(tiny.of_lengths(), tiny.padded_samples(), graphs=graphs, rows=replace(ROWS, padding=None)),
        calls=_lengths(),
        run_many=many.padded(),
    )


def _variants() -> Iterator[Case]:
    """Yield bundles of several graphs or variants, and of what is known of one."""
    vectors = {"vectors": tiny.weights()["table"][_IDS]}
    looked_up = {"graph": "lookup", **answered({"tokens": _IDS}, vectors)}
    yield accepted(
        "several", "two graphs, one with its weights in its own file", _several(), calls=[looked_up]
    )
    tuned = replace(
        CPU,
        engine=replace(
            ENGINE, options={"session.dynamic_block_base": 4, "session.set_denormal_as_zero": False}
        ),
        session=SessionSettings(threads=2, spinning=False, arena=False, memory_pattern=True),
        stacks=(Stack({"sequence": 4}, rows=3),),
        scores={"cosine": 0.999},
        measured="a machine of the past, 2 cores; onnxruntime 1.23.0",
    )
    yield accepted(
        "tuned",
        "options of the engine and the session, and independent rows",
        described(good(), rows=ROWS, variants=(tuned,)),
        calls=calls((3, 4)),
        run_many=many.together(),
    )
    why = "independent rows with an answer for each position"
    yield accepted("positions", why, many.positions(), run_many=[many.by_position()])
    engines = {
        "npu": replace(ENGINE, name="unheard-of", version="1", options={"precision": "fp16", "fast": True}),
        "future": replace(ENGINE, version="99.0"),
        "gpu": replace(ENGINE, providers=("UnheardOfExecutionProvider", *ENGINE.providers)),
    }
    nowhere = (replace(CPU, target=target, engine=engine) for target, engine in engines.items())
    preferred = described(good(), variants=(*nowhere, CPU))
    why = "three variants that run nowhere, before one that does"
    yield accepted("preferred", why, preferred, calls=calls((1, 4)))
    graphs = {"short.onnx": onnx(tiny.network(1, 4)), "long.onnx": onnx(tiny.network(2, 8))}
    short = replace(CPU, files={"model": "short.onnx"}, sizes={"batch": 1, "sequence": 4})
    long = replace(CPU, files={"model": "long.onnx"}, sizes={"batch": 2, "sequence": 8})
    yield accepted(
        "buckets",
        "two fixed shapes, met exactly, by padding or row by row, and a variant for all others",
        described({**good(), **graphs}, rows=ROWS, variants=(short, long, CPU)),
        calls=calls((1, 4), (2, 8), (1, 2), (3, 4), (3, 7), (1, 12)),
        run_many=many.together(),
    )


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


def _with_kernels(*, extra_columns: int = 0) -> Files:
    """Return a graph whose products are nodes of the domain edgeattn, and a manifest with their version."""
    engine = replace(ENGINE, version=kernel_nodes.ENGINE_VERSION, options={KERNELS_OPTION: DOMAIN_VERSION})
    model = kernel_nodes.network(extra_columns=extra_columns)
    return network(model, variants=(replace(CPU, engine=engine),))


def _broken_calls() -> list[Entry]:
    """Return calls that break the contract, one rule each."""
    calls: tuple[dict[str, Array], ...] = (
        {**_ALONE, "extra": _SHOWN},
        {"tokens": _IDS},
        {**_ALONE, "tokens": _IDS.astype(np.int32)},
        {**_ALONE, "mask": _SHOWN.astype(np.int64)},
        {**_ALONE, "tokens": _IDS[0]},
        {**_ALONE, "mask": np.ones((1, 4), np.float32)},
        {**_ALONE, "mask": np.array([[1, np.nan, 1]], np.float32)},
        {"tokens": np.zeros((1, 17), np.int64), "mask": np.ones((1, 17), np.float32)},
        {"tokens": np.zeros((1, 0), np.int64), "mask": np.ones((1, 0), np.float32)},
        {**_ALONE, "tokens": _IDS + 99},
    )
    return [refused(**inputs) for inputs in calls]


def _lengths() -> list[Entry]:
    """Return calls whose longest row fills the axis, the first or another, and calls whose does not."""
    last = {"tokens": np.array([[1, 2, 3], [4, 5, 6]]), "lengths": np.array([2, 3])}
    mask = np.array([[1, 1, 0], [1, 1, 1]], np.float32)
    broken = ([2, 1], [4, 1], [2, 2**40], [-3, -1], [3, 4])
    return [
        *(answered(sample.inputs, sample.outputs) for sample in tiny.padded_samples([(1, 4), (3, 5)])),
        answered(last, tiny.answer(last["tokens"], mask)),
        *(refused(**{**last, "lengths": np.array(each)}) for each in broken),
    ]
