"""Cases of the int8 network: what it answers, and golden vectors that are whole, wrong or broken."""

from __future__ import annotations

from collections.abc import Iterator

import bundles
import calls
import golden_vectors as golden
import kernel_nodes
import many
import network_bundles
import numpy as np
import pushes
import steps
import tiny
from case import GOLDEN_FAILS, Case, accepted
from edits import edited
from graphs import Array

from edgeattn_runtime.bundle.engine_options import KERNELS_OPTION

_ONES = np.ones(tiny.WIDTH, np.float32)
_DESKTOP = {".DS_Store": "\0\0\0\1Bud1", "Thumbs.db": "\xd0\xcf\x11\xe0"}
_DOWNLOADED = {
    ".gitattributes": "# says how Git stores files\n",
    ".cache/huggingface/download/model.onnx.metadata": f"{'0' * 40}\n{'0' * 64}\n1764374400\n",
}


def cases() -> Iterator[Case]:
    """Yield the cases."""
    good, one = network_bundles.good(), calls.answered((1, 4))
    several, kernels = calls.answered((1, 4), (3, 2)), network_bundles.with_kernels(kernel_nodes.network())
    newer = edited(kernels, set={f"variants * engine options {KERNELS_OPTION}": 99})
    yield accepted(
        "good",
        "whole, and right",
        good,
        calls=[*several, *calls.refused()],
        run_many=many.together(),
        stream=many.streamless(),
        steps=pushes.stepless(),
    )
    yield accepted(
        "long-named",
        "a lookup with a name of 40,000 characters, and tokens beyond its table",
        network_bundles.long_named(),
        calls=calls.beyond_table(),
    )
    yield accepted(
        "indexed", "tokens that index a table of 16 rows", network_bundles.indexed(), calls=calls.indices()
    )
    yield accepted(
        "padded",
        "lengths of sequences, the longest of which fills their axis",
        network_bundles.padded(),
        calls=calls.lengths(),
        run_many=many.padded(),
    )
    yield accepted(
        "several",
        "two graphs, one with its weights in its own file",
        network_bundles.several(),
        calls=calls.looked_up(),
    )
    yield accepted(
        "tuned",
        "options of the engine and the session, and independent rows",
        network_bundles.tuned(),
        calls=calls.answered((3, 4)),
        run_many=many.together(),
    )
    why = "independent rows with an answer for each position"
    yield accepted("positions", why, many.positions(), run_many=many.by_position())
    why = "three variants that run nowhere, before one that does"
    yield accepted("preferred", why, network_bundles.preferred(), calls=one)
    yield accepted(
        "buckets",
        "two fixed shapes, met exactly, by padding or row by row, and a variant for all others",
        network_bundles.buckets(),
        calls=calls.answered((1, 4), (2, 8), (1, 2), (3, 4), (3, 7), (1, 12)),
        run_many=many.together(),
    )
    why = "nodes for kernels that a runtime may have, each with a function of stock operators"
    yield accepted("kernels", why, kernels, calls=several)
    yield accepted("kernels-99", "nodes for kernels of a version that no runtime has", newer, calls=one)
    yield accepted("fixed", "no length but one", network_bundles.fixed(), calls=calls.fixed_length())
    why = "what Finder and Explorer leave in a folder that they show"
    yield accepted("desktop", why, edited(good, write=_DESKTOP), calls=one)
    why = "what Hugging Face's hub leaves in a folder that it fills"
    yield accepted("downloaded", why, edited(good, write=_DOWNLOADED), calls=one)
    signed, (own, other) = network_bundles.signed(), network_bundles.KEYS
    yield accepted("signed", "a signature that verifies", signed)
    yield accepted("trusted", "signed by the second of two trusted keys", signed, trusted_keys=[other, own])
    for step, what in (
        ("steps", "arrays in steps, along their first axis but the batch"),
        ("steps-rows", "arrays in steps of one place, along their last axis"),
        ("steps-sound", "a sound in steps"),
        ("steps-stereo", "a sound of two channels in steps"),
        ("steps-series", "series in steps"),
    ):
        yield accepted(step, f"streams {what}", steps.bundle(step), steps=pushes.pushed(step))
    yield from _broken_graphs()
    yield from _golden()


def _broken_graphs() -> Iterator[Case]:
    """Yield bundles whose graphs are others than a table of mutations could make."""
    outside, refused = "../several.edge/weights/lookup.bin", "refused"
    wide, unheard = kernel_nodes.network(extra_columns=1), tiny.unheard_of()
    outside_files = network_bundles.several(outside, outside)
    yield Case("weights-outside", "a graph reads another folder's weights", outside_files, refused)
    why = "a node for a kernel whose weight does not fit"
    yield Case("kernels-shape", why, network_bundles.with_kernels(wide), refused)
    files = network_bundles.network(unheard)
    yield Case("graph-unheard-of", "an operator that no engine has", files, "incompatible")


def _golden() -> Iterator[Case]:
    rows = {"golden": golden.errors()}
    why = (
        "outputs of known errors: an offset, an excerpt, integers, shared NaNs, one infinity, a pooled spread"
    )
    yield Case("golden-errors", why, golden.measured(), GOLDEN_FAILS, rows)
    turned = golden.with_samples(golden.turned())
    yield Case("golden-wrong", "a golden output points the other way", turned, GOLDEN_FAILS)
    lacking = golden.with_samples(tiny.samples()[:-1])
    yield Case("golden-lacking", "3 golden samples where 4 are named", lacking, "refused")
    none = bundles.described({bundles.MODEL_FILE: network_bundles.good()[bundles.MODEL_FILE]})
    yield accepted("golden-none", "packed without golden vectors, whole else", none)
    yield accepted("golden-excerpt", "half the golden numbers", golden.with_samples(golden.excerpts()))
    for name, verdict, why, how in (
        ("wrong", GOLDEN_FAILS, "half the golden numbers, which point the other way", {"sign": -1}),
        ("other", GOLDEN_FAILS, "half the golden numbers, of an output of other dims", {"dims": (9, 9, 8)}),
        ("beyond", "refused", "a golden number behind the output's end", {"places": lambda x: x + 2**20}),
        ("turned", "refused", "golden numbers in falling order", {"places": lambda x: x[::-1]}),
        ("fewer", "refused", "fewer places than golden numbers", {"places": lambda x: x[:-1]}),
        (
            "part",
            "refused",
            "golden numbers of an output whose last dim is not that of its 8 channels",
            {"dims": (8, 81)},
        ),
    ):
        files = golden.with_samples(golden.excerpts(**how))
        yield Case(f"golden-excerpt-{name}", why, files, verdict)
    spreads: tuple[tuple[str, str, Array | None], ...] = (
        ("none", "golden vectors without a spread", None),
        ("zero", "a spread of 0", np.where(np.arange(tiny.WIDTH) == 3, np.float32(0), _ONES)),
        ("nan", "a spread that is NaN", np.full(tiny.WIDTH, np.nan, np.float32)),
        (
            "infinite",
            "a spread that is infinite",
            np.where(np.arange(tiny.WIDTH) == 3, np.float32(np.inf), _ONES),
        ),
        ("few", "a spread of fewer numbers than channels", _ONES[1:]),
        ("double", "a spread in float64", _ONES.astype(np.float64)),
        ("axes", "a spread of two axes, of an output with one fixed trailing dim", _ONES[np.newaxis]),
        ("axis", "a spread without an axis, of an output with one fixed trailing dim", _ONES[0]),
    )
    for name, why, spread in spreads:
        files = golden.with_samples(tiny.samples(), {} if spread is None else {"embedding": spread})
        yield Case(f"golden-spread-{name}", why, files, "refused")
    grids: tuple[tuple[str, str, str, tuple[int, ...]], ...] = (
        ("flat", "a spread of one axis, of an output with three fixed trailing dims", "grid", (24,)),
        ("turned", "a spread whose axes are turned", "grid", (4, 1, 3)),
        ("half", "a spread with half as many numbers along an axis", "grid", (3, 1, 2)),
        ("empty", "a spread with no number along an axis", "grid", (3, 0, 4)),
        ("single", "a spread of one axis, of an output without fixed trailing dims", "total", (1,)),
    )
    for name, why, output, dims in grids:
        files = golden.measured(**{output: np.ones(dims, np.float32)})
        yield Case(f"golden-spread-{name}", why, files, "refused")
    pooled = golden.with_samples(tiny.samples(), {"embedding": _ONES[:1]})
    yield accepted("golden-spread-pooled", "a spread of one number for all channels", pooled)
