from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
import torch
from cached_models import Counted, Decoder, Flat, Forgetful, LengthFirst, Lists, Stacked, Told, text
from torch import Tensor, nn

from edgeattn_export.capture.own_cache.cache import OwnCache
from edgeattn_runtime.errors import SampleError

TOLERANCE = 1e-5
LENGTHS = (5, 9, 14)
EMPTY = [[torch.zeros(1, 4, 0, 4)] * 2] * 2  # a past of no tokens

Find = Callable[..., OwnCache | None]


def _plain(length: int) -> dict[str, object]:
    return {"tokens": text(length)}


@pytest.mark.parametrize(
    ("module", "sample", "returns", "takes", "places"),
    [
        (Decoder, _plain, ("output_1",), ("past",), []),
        (Decoder, lambda n: {**_plain(n), "past": None}, ("output_1",), ("past",), []),
        (lambda: Decoder(LengthFirst), _plain, ("output_1",), ("past",), []),
        (Flat, _plain, ("output_1",), ("past",), []),
        (Lists, lambda n: {**_plain(n), "past": None}, ("present",), ("past",), []),
        (
            Lists,
            lambda n: {**_plain(n), "past": [[torch.zeros(1, 4, 0, 4)] * 2] * 2},
            ("present",),
            ("past",),
            [],
        ),
        (Stacked, _plain, ("output_1", "output_2"), ("keys", "values"), []),
        (Told, _plain, ("output_1",), ("past",), ["start"]),
        (Told, lambda n: {**_plain(n), "start": 0}, ("output_1",), ("past",), ["start"]),
        (Counted, lambda n: {**_plain(n), "positions": torch.arange(n)[None]}, ("output_1",), ("past",), []),
    ],
)
def test_the_cache_is_found_and_goes_from_call_to_call(
    module: Callable[[], nn.Module],
    sample: Callable[[int], Mapping[str, object]],
    returns: tuple[str, ...],
    takes: tuple[str, ...],
    places: list[str],
    cache_of: Find,
) -> None:
    cache = cache_of(module(), [sample(length) for length in LENGTHS])
    assert cache is not None
    assert cache.objection is None
    assert (cache.outputs, cache.parameters, list(cache.positions)) == (returns, takes, places)
    inputs = {name: np.asarray(v) for name, v in sample(11).items() if isinstance(v, Tensor)}
    whole = cache.text.whole_logits(cache.module, inputs)
    np.testing.assert_allclose(cache.logits(inputs, (4, 1, 1, 5)), whole, atol=TOLERANCE)


def test_transformers_caches_are_found_by_what_they_hold(cache_of: Find) -> None:
    from transformers import DynamicCache, GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=40, n_positions=24, n_embd=16, n_layer=2, n_head=2, bos_token_id=0)
    model = GPT2LMHeadModel(config)
    (name,) = model(input_ids=text(3)).keys() - {"logits"}
    plain = [{"input_ids": text(length)} for length in LENGTHS]
    for raw in (plain, [{**sample, name: DynamicCache()} for sample in plain]):
        cache = cache_of(model, raw)
        assert cache is not None
        assert (cache.outputs, cache.objection) == ((name,), None)


def test_what_follows_from_the_source_alone_is_left_out_too(cache_of: Find) -> None:
    class Behind(Decoder):
        def forward(self, source: Tensor, tokens: Tensor, past: object = None) -> object:
            memory = self.embed(source).mean(1)
            logits, present = self.run(tokens, past, self.length(past))
            return {"logits": logits + memory.sum(), "present": present, "memory": memory}

    cache = cache_of(Behind(), [{"source": text(n + n % 4), "tokens": text(n)} for n in LENGTHS])
    assert cache is not None
    assert cache.text.tokens == "tokens"
    assert cache.left_out == {"present", "memory"}


def test_a_cache_that_says_something_else_is_objected_to(cache_of: Find) -> None:
    cache = cache_of(Forgetful(), [_plain(length) for length in LENGTHS])
    assert cache is not None
    assert cache.objection is not None
    assert re.match("forward, .* chunks of 2, 3, .*output 'output_0' ", cache.objection)


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: (x, (x, x)),  # tensors, but none that forward takes
        lambda x: (x, x[:, None]),
        lambda x: (x.flip(1), (x, x)),  # no causal model
    ],
)
def test_other_outputs_are_no_cache(answer: Callable[[Tensor], object], cache_of: Find) -> None:
    class Other(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(40, 8)

        def forward(self, tokens: Tensor, unread: object = None) -> object:
            return answer(self.embed(tokens))

    assert cache_of(Other(), [_plain(length) for length in LENGTHS]) is None


@pytest.mark.parametrize("pairs", [(None, None, (text(2), text(3))), (5, 5, 5)])
def test_a_past_for_a_module_without_one_is_refused(pairs: Sequence[object], cache_of: Find) -> None:
    class Pair(nn.Module):
        def forward(self, x: Tensor, pair: object = None) -> Tensor:
            return x + 1

    raw = [{"x": text(length), "pair": pair} for length, pair in zip(LENGTHS, pairs, strict=True)]
    with pytest.raises(SampleError, match=r"^input 'pair': (tuple|int) "):
        cache_of(Pair(), raw)
