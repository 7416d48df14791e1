"""Golden vectors: whole and broken ones, and errors that every runtime gives alike."""

from __future__ import annotations

import golden_vectors as golden
import numpy as np
from case import ACCEPTED, GOLDEN_FAILS, Case, in_both, refused
from tiny import WIDTH

_ONES = np.ones(WIDTH, np.float32)


def _spread(name: str, why: str, spread: np.ndarray | None) -> Case:
    return refused(f"golden-spread-{name}.edge", why, golden.spread_of(spread))


def _tolerance(name: str, why: str, tolerance: dict[str, object]) -> Case:
    return refused(f"tolerance-{name}.edge", why, in_both("tolerance", to=tolerance))


GOLDEN = (
    Case(
        "golden-errors.edge",
        GOLDEN_FAILS,
        "several outputs of known errors: of an offset, an excerpt, integers, shared NaNs, one infinity",
        golden.measured,
        golden=golden.errors(),
    ),
    Case("golden-wrong.edge", GOLDEN_FAILS, "a golden output points the other way", golden.wrong_golden),
    refused("golden-lacking.edge", "3 golden samples where 4 are named", golden.lacking_golden),
    refused("golden-changed.edge", "one bit of a golden number is flipped", golden.changed_golden),
    Case(
        "golden-none.edge",
        ACCEPTED,
        "packed without golden vectors, whole else",
        golden.without_golden,
    ),
    Case("golden-excerpt.edge", ACCEPTED, "half the golden numbers", golden.excerpted_golden()),
    Case(
        "golden-excerpt-wrong.edge",
        GOLDEN_FAILS,
        "half the golden numbers, which point the other way",
        golden.excerpted_golden(turn=True),
    ),
    Case(
        "golden-excerpt-other.edge",
        GOLDEN_FAILS,
        "half the golden numbers, of an output of other dims",
        golden.excerpted_golden(dims=(9, 9, 8)),
    ),
    refused(
        "golden-excerpt-beyond.edge",
        "a golden number behind the output's end",
        golden.excerpted_golden(places=lambda places: places + 2**20),
    ),
    refused(
        "golden-excerpt-turned.edge",
        "golden numbers in falling order",
        golden.excerpted_golden(places=lambda places: places[::-1]),
    ),
    refused(
        "golden-excerpt-fewer.edge",
        "fewer places than golden numbers",
        golden.excerpted_golden(places=lambda places: places[:-1]),
    ),
    _spread("none", "golden vectors without a spread", None),
    _spread("zero", "a spread of 0", np.where(np.arange(WIDTH) == 3, np.float32(0), _ONES)),
    _spread("nan", "a spread that is NaN", np.full(WIDTH, np.nan, np.float32)),
    _spread("few", "a spread of fewer numbers than channels", _ONES[1:]),
    _spread("double", "a spread in float64", _ONES.astype(np.float64)),
    _spread("axes", "a spread of two axes", _ONES[np.newaxis]),
    refused(
        "golden-excerpt-part.edge",
        "golden numbers of an output of 21 numbers, which are no multiple of its 8 channels",
        golden.excerpted_golden(places=lambda places: places % 21, dims=(21,)),
    ),
    _tolerance("none", "no tolerance of an output", {}),
    _tolerance("zero", "a tolerance of 0", {"embedding": 0}),
    _tolerance("other", "a tolerance of an output that is not there", {"embedding": 0.1, "logits": 0.1}),
    _tolerance("cosine", "a tolerance of something else", {"cosine": 0.99}),
    _tolerance("text", "a tolerance that is a text", {"embedding": "0.1"}),
)
