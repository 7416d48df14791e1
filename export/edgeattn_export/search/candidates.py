"""What a layer may be: its form, and the techniques that go with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgeattn_export.quantize.forms import LINEAR_FORMS
from edgeattn_export.quantize.layers import FLOAT
from edgeattn_export.quantize.match import Layer
from edgeattn_export.quantize.outlier_split import ZERO_KEEPING
from edgeattn_export.quantize.recipe import Treatment

FASTEST = "int8"
EXPONENTS = (0.6, 0.7, 0.8)  # of smoothing; beside none
EMBEDDINGS = ("int8 rows",)  # rewrites of embeddings, one of which a recipe has
SMALLER_EMBEDDINGS = ("int4 rows",)
OTHERS = ("gelu tanh",)  # rewrites that every recipe has
APART = ("outlier channels", 0.4)  # those that reach two and a half times as far as the median one
SPLIT = (  # as far as 0.7 or 0.5 of it, with the smoothing that leaves few channels to split
    (("smoothing", 0.7), ("channel splitting", 0.7)),
    (("smoothing", 0.4), ("channel splitting", 0.5)),
)
USUAL = 0.5  # for forms whose activations are exact enough to spare the weights
MORE_EXACT = ("int8 per token", FLOAT)
MOST_EXACT = ("int8 twice",)
STATIC = "int8 static"
SMALLER = ("int4 blocks",)
# Forms whose neighboring weights x86 without VNNI adds up in 16 bits.
PAIRED = (FASTEST, STATIC, "int8 per token", "int8 twice")
PAIRING = ("pairing", 1.0)  # so that the answer is the same on every processor
ROUNDING = ("rounding", 0.1)  # its damping: small enough to help, large enough not to fit the samples alone


def fastest(layer: Layer) -> Iterator[Treatment]:
    """Yield the fastest form without and with each smoothing, and with ways to treat outlier channels."""
    yield Treatment(FASTEST)
    yield from (smoothed(FASTEST, exponent) for exponent in EXPONENTS)
    if layer.source in ZERO_KEEPING:  # they can be taken out before it arises
        yield Treatment(FASTEST, (APART,))
    else:
        yield from (Treatment(FASTEST, techniques) for techniques in SPLIT)


def fixed() -> Iterator[Treatment]:
    """Yield the form whose activations have a fixed scale, without and with smoothing."""
    yield Treatment(STATIC)
    yield smoothed(STATIC, 0.7)


def in_forms(layer: Layer, names: Iterable[str]) -> Iterator[Treatment]:
    """Yield forms that a layer fits, without and with smoothing where a technique changes them."""
    for name in names:
        if name == FLOAT:
            yield Treatment(FLOAT)
        elif LINEAR_FORMS[name].unfit(layer.width, layer.channels) is None:
            yield Treatment(name)
            if name not in SMALLER:
                yield smoothed(name, USUAL)


def smoothed(form: str, exponent: float) -> Treatment:
    """Return a form behind smoothing."""
    return Treatment(form, (("smoothing", exponent),))


def finished(treatment: Treatment) -> Treatment:
    """Return a treatment whose weight is rounded by the layer's output, to what no processor saturates at."""
    if treatment.form not in PAIRED:
        return treatment
    return Treatment(treatment.form, (*treatment.techniques, PAIRING, ROUNDING))
