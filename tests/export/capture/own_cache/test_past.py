from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from cached_models import Counted, Decoder, Layer, LengthFirst, Told, text
from torch import Tensor, nn

from edgeattn_export.capture.own_cache.cache import OwnCache
from edgeattn_runtime.errors import SampleError

LENGTHS = (5, 9, 14)
PAST = 6

Find = Callable[..., OwnCache | None]
Past = Sequence[Layer]


def _past(module: nn.Module) -> Past:
    kept: Past = module(text(PAST))[1]
    return kept


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda past: [past[0], [tensor[:, :, :-1] for tensor in past[1]]], "input 'past': .*6, 6, 5, 5 "),
        (lambda past: [(past[0][0], past[0][1][:, :, 2:]), past[1]], "input 'past': .*6, 4, 6, 6 "),
        (lambda past: past[:1], r"input 'past': 2 .*\(1, 4, 6, 4\); 4 "),
        (lambda past: [[tensor[0, 0] for tensor in layer] for layer in past], r"'past': 4 .*\(6, 4\); 4 "),
        (lambda past: [[tensor[:, :3] for tensor in layer] for layer in past], r"Decoder .*tokens \(1, 2\)"),
    ],
    ids=["short layer", "short values", "one layer", "no batch", "fewer heads"],
)
def test_a_past_that_is_none_of_the_modules_is_told(
    damage: Callable[[Past], object], named: str, cache_of: Find
) -> None:
    module = Decoder()
    raw = [{"tokens": text(length)} for length in LENGTHS]
    raw.append({"tokens": text(2), "past": damage(_past(module))})
    with pytest.raises(SampleError, match=f"^sample 0 .*{named}"):
        cache_of(module, raw)


@pytest.mark.parametrize(("module", "name"), [(Told(), "start"), (Counted(), "positions")])
def test_a_place_that_disagrees_with_the_past_is_told(module: nn.Module, name: str, cache_of: Find) -> None:
    def place(first: int, length: int) -> object:
        return first if name == "start" else torch.arange(first, first + length)[None]

    raw = [{"tokens": text(length), name: place(0, length)} for length in LENGTHS]
    past = Decoder.run(module, text(PAST), None, 0)[1]
    assert cache_of(module, [*raw, {"tokens": text(2), "past": past, name: place(PAST, 2)}]) is not None
    with pytest.raises(SampleError, match=rf"input '{name}': .*4 .*6 "):
        cache_of(module, [*raw, {"tokens": text(2), "past": past, name: place(PAST - 2, 2)}])


def test_a_place_without_a_past_is_told(cache_of: Find) -> None:
    raw = [{"tokens": text(length), "start": 4 if length == 9 else 0} for length in LENGTHS]
    with pytest.raises(SampleError, match=r"^sample 1 .*input 'start': 4 .*0 "):
        cache_of(Told(), raw)


class Masked(Decoder):
    """Its mask speaks of past and new tokens; it is not read, so that a wrong one does not fail by itself."""

    def forward(self, tokens: Tensor, mask: Tensor, past: Past | None = None) -> object:
        return super().forward(tokens, past)


def test_a_mask_that_disagrees_with_the_past_is_told(cache_of: Find) -> None:
    module = Masked()
    past = Decoder.forward(module, text(PAST))[1]
    raw = [{"tokens": text(length), "mask": torch.ones(1, length)} for length in LENGTHS]
    raw = [{**sample, "mask": sample["mask"].long()} for sample in raw]
    assert cache_of(module, [*raw, {"tokens": text(2), "mask": torch.ones(1, 8).long(), "past": past}])
    with pytest.raises(SampleError, match=r"input 'mask': 7 .*8 .*2 tokens .*6"):
        cache_of(module, [*raw, {"tokens": text(2), "mask": torch.ones(1, 7).long(), "past": past}])


def test_where_every_sample_has_a_past_its_tokens_are_a_text(cache_of: Find) -> None:
    module = Decoder(LengthFirst)
    cache = cache_of(module, [{"tokens": text(n), "past": _past(module)} for n in LENGTHS])
    assert cache is not None
    assert cache.objection is None


def test_where_every_sample_has_a_past_no_mask_may_speak_of_it(cache_of: Find) -> None:
    module = Masked()
    past = Decoder.forward(module, text(PAST))[1]
    raw = [{"tokens": text(n), "past": past, "mask": torch.ones(1, n + PAST).long()} for n in LENGTHS]
    with pytest.raises(SampleError, match=r"^samples: .*'mask' .*11 "):
        cache_of(module, raw)
