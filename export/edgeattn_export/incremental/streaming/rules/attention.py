"""Self-attention that looks back a limited way: it keeps as many keys and values as its mask shows.

Before: Attention(q, k, v, mask, is_causal)                        over all times
After:  keys, values = the last of those before, and the hop's
        Attention(q, keys, values, band)                           band (rate, back + rate)

What has not been filled is hidden by the number of hops so far. Keys and values are kept as they enter the
operator: after rotary positions, and once for all the query heads that share them.

The mask is a band, which looks back a limited way and repeats itself. It is taken at growing lengths until
the band ends; at each of them, every hop has the same part of it, or that of as many hops before as its
pattern repeats after, such as the chunks of a chunked attention.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_export.incremental.streaming.stream import Stream
from edgeattn_export.incremental.streaming.walk import StreamRule, Walk

MASK = 3  # an Attention's operand
MOST_TIMES = 4096  # of a whole, at which a band is looked for
MOST_PATTERN = 64  # hops, after which a mask repeats itself
HIDDEN = -1e4  # what is added to a score to hide it: at most this
TOLERANCE = 1e-5  # of a bias's scale

Floats = NDArray[np.float32]


def attended(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take a self-attention, or one over what never changes."""
    query, key, value, *others = node.inputs
    mask = others[0] if others else None
    if len(node.outputs) > 1 or any(each is not None for each in others[1:]):
        raise CannotStep("has a cache of its own, or gives out more than its result")
    queries = walk.aligned(query)
    if not walk.grows(key) and not walk.grows(value) and not node.attributes.get_int("is_causal", 0):
        (out,) = walk.draft.clone(node, [queries.value, *map(walk.operand, node.inputs[1:])])
        return [queries.on(out)]
    if walk.growth.reads(mask):
        raise CannotStep("has a mask that depends on what is heard, such as one of padding: leave it out")
    keys, values = walk.aligned(key), walk.aligned(value)
    if len({(each.axis, each.rate) for each in (queries, keys, values)}) != 1:
        raise CannotStep("has queries, keys and values of several times")
    band = band_of(_bias(walk, node, mask, queries.rate), queries.rate, walk.most_hops)
    windows = [walk.draft.window(each, band.back) for each in (keys, values)]
    bias = _step_bias(walk, band, queries.rate)
    (out,) = walk.draft.clone(node, [queries.value, *windows, bias], {"is_causal": 0})
    return [queries.on(out)]


def _bias(walk: Walk, node: ir.Node, mask: ir.Value | None, rate: int) -> Callable[[int], Floats]:
    """Return what gives an attention's mask, its causal attribute written in, as it is added to scores."""
    is_causal = bool(node.attributes.get_int("is_causal", 0))
    at = None if mask is None else walk.at_hops(mask)

    def bias(hops: int) -> Floats:
        times = np.arange(hops * rate)
        given = np.zeros((1, 1)) if at is None else at(hops)
        whole = np.where(given, 0, -np.inf) if given.dtype == np.bool_ else given
        if is_causal:
            whole = np.where(times <= times[:, None], whole, -np.inf)
        whole = whole.astype(np.float32)
        return np.broadcast_to(whole, (*whole.shape[:-2], len(times), len(times)))

    return bias


def _step_bias(walk: Walk, band: Band, rate: int) -> ir.Value:
    """Return a hop's bias, -inf where nothing has been: (..., rate, back + rate)."""
    draft, op = walk.draft, walk.draft.op
    bias = draft.constant(band.bias if band.pattern > 1 else band.bias[0], "stream.band")
    if band.pattern > 1:
        turn = op("Squeeze", [op("Mod", [draft.count, draft.number(band.pattern)])])
        bias = op("Gather", [bias, turn], {"axis": 0})
    if not band.back:
        return bias
    places = draft.constant(np.arange(band.back + rate), "stream.places")
    empty = op("Sub", [draft.number(band.back), draft.counted(rate)])
    hidden = draft.constant(np.array([-np.inf], np.float32), "stream.hidden")
    return op("Where", [op("GreaterOrEqual", [places, empty]), bias, hidden])


@dataclass(frozen=True, slots=True)
class Band:
    """A mask that looks back a limited way.

    Attributes:
        back: How many times before a hop it sees.
        bias: What is added to scores, -inf where hidden: (pattern, ..., rate, back + rate).
    """

    back: int
    bias: Floats

    @property
    def pattern(self) -> int:
        """After how many hops it repeats itself."""
        return len(self.bias)


def band_of(mask: Callable[[int], Floats], rate: int, most: int | None) -> Band:
    """Return the band of ``rate`` times a hop that a mask is.

    The mask (..., times, times) is added to scores; it can be had for ``most`` hops, None for any number.

    Raises:
        CannotStep: It looks ahead, or back without a limit, or is no band.
    """
    hops = max(8, 64 // rate)
    while True:
        hops = hops if most is None else min(hops, most)
        bias = mask(hops)
        _check_ahead(bias, rate)
        back = _look_back(bias, rate)
        if 2 * (back + rate) <= bias.shape[-1]:
            break
        if hops == most or 2 * hops * rate > MOST_TIMES:
            raise CannotStep(
                f"looks back over all {bias.shape[-1]} times that were tried, without a limit; give it a "
                "window, such as a mask of the last 64"
            )
        hops *= 2
    return _repeated(bias, rate, back)


def _check_ahead(bias: Floats, rate: int) -> None:
    times = np.arange(bias.shape[-1])
    visible = _visible(bias)
    ahead = np.where(visible, times - (times[:, None] // rate + 1) * rate + 1, 0).max()
    if ahead > 0:
        raise CannotStep(f"looks {ahead} times ahead of a hop; a causal mask, or chunks of a hop, expected")


def _look_back(bias: Floats, rate: int) -> int:
    """Return how far the hops of the second half see."""
    times = np.arange(bias.shape[-1])
    back = np.where(_visible(bias), times[:, None] // rate * rate - times, 0)
    return int(back[len(times) // 2 :].max(initial=0))


def _visible(bias: Floats) -> NDArray[np.bool_]:
    return np.asarray(bias.reshape(-1, *bias.shape[-2:]).max(axis=0) > HIDDEN)


def _repeated(bias: Floats, rate: int, back: int) -> Band:
    hops = bias.shape[-1] // rate
    first = -(-back // rate)  # hops before which there is less to see than the band shows
    before = [(0, 0)] * (bias.ndim - 1) + [(back, 0)]
    seen = np.pad(np.where(bias > HIDDEN, bias, -np.inf), before, constant_values=-np.inf)
    starts = range(0, hops * rate, rate)
    parts = [seen[..., begin : begin + rate, begin : begin + back + rate] for begin in starts]
    for pattern in range(1, min(MOST_PATTERN, hops - first) // 2 + 1):
        last = {hop % pattern: parts[hop] for hop in range(hops - pattern, hops)}
        if all(_agree(parts[hop], last[hop % pattern], back - hop * rate) for hop in range(hops)):
            return Band(back, np.stack([last[i] for i in range(pattern)]))
    raise CannotStep("has a mask or bias that is another one at each hop, whatever it sees")


def _agree(part: Floats, expected: Floats, unfilled: int) -> bool:
    """Say whether two hops see the same (..., rate, back + rate), but for what had not been."""
    one, other = (each[..., max(unfilled, 0) :] for each in (part, expected))
    scale = np.abs(other[np.isfinite(other)]).max(initial=0.0)
    return np.allclose(one, other, rtol=0, atol=TOLERANCE * scale)


ATTENTION: Mapping[str, StreamRule] = {"Attention": attended}
