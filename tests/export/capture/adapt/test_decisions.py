from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from draws import drawn_seed
from fixture_types import Alike, Export
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from edgeattn_runtime.errors import CaptureError

WIDTH, EXPERTS = 8, 4
TOKENS = (3, 9, 5, 12, 1)

Decide = Callable[[Tensor], bool]


class Padded(nn.Module):
    """Attends under a mask of padding, where there is any."""

    def __init__(self, is_padded: Decide) -> None:
        super().__init__()
        self.is_padded = is_padded

    def forward(self, x: Tensor, shown: Tensor) -> Tensor:
        mask = shown[:, None] > 0 if self.is_padded(shown) else None  # (B, 1, S)
        return scaled_dot_product_attention(x, x, x, attn_mask=mask)


def samples(*, is_padded: bool) -> list[dict[str, Tensor]]:
    draw = torch.Generator().manual_seed(drawn_seed(0))
    made = []
    for length in (5, 9, 7):
        kept = length - 2 if is_padded else length
        shown = (torch.arange(length) < kept).long().expand(2, -1).contiguous()
        made.append({"x": torch.randn(2, length, WIDTH, generator=draw), "shown": shown})
    return made


@pytest.mark.parametrize("exported_padded", [True, False])
@pytest.mark.parametrize(
    "is_padded",
    [
        lambda shown: (shown == 0).any(),
        lambda shown: not torch.all(shown > 0),
        lambda shown: shown.eq(0).any().item(),
    ],
    ids=["any", "not all", "item"],
)
def test_the_way_with_some_is_taken(is_padded: Decide, exported_padded: bool, alike: Alike) -> None:
    alike(Padded(is_padded), samples(is_padded=exported_padded), samples(is_padded=not exported_padded))


class Doubled(nn.Module):
    """Answers otherwise where none is set, and not as the way with some would."""

    def forward(self, x: Tensor, shown: Tensor) -> Tensor:
        return x * shown[..., None] if (shown == 0).any() else 2 * x


@pytest.mark.parametrize("is_padded", [True, False])
def test_a_decision_that_makes_a_difference_is_refused(is_padded: bool, exported: Export) -> None:
    with pytest.raises(CaptureError, match="not the module"):
        exported(Doubled(), samples(is_padded=is_padded))


class ByConstant(nn.Module):
    """Decides by a number that no input changes."""

    def forward(self, x: Tensor, shown: Tensor) -> Tensor:
        return x * shown[..., None] if torch.tensor(1).all() else -x


def test_what_a_constant_decides_is_known(exported: Export) -> None:
    captured, _ = exported(ByConstant(), samples(is_padded=True))  # and proves it
    assert captured.notes == ()


class ByRow(nn.Module):
    """Decides by a number that says nothing of any or all."""

    def forward(self, x: Tensor, shown: Tensor) -> Tensor:
        return 2 * x if shown.sum() > shown.shape[1] else -x


def test_other_decisions_by_values_stay_refused(exported: Export) -> None:
    with pytest.raises(CaptureError, match=r"test_decisions\.py, line \d+"):
        exported(ByRow(), samples(is_padded=True))


class Experts(nn.Module):
    """A mixture that asks those of its experts which were given tokens."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.router = nn.Linear(WIDTH, EXPERTS)
        self.experts = nn.ModuleDict({f"{i}": nn.Linear(WIDTH, WIDTH) for i in range(EXPERTS)})

    def forward(self, x: Tensor) -> Tensor:
        self.router = self.router.to(torch.float32)
        weights, chosen = self.router(x).softmax(-1).topk(2)
        mask = nn.functional.one_hot(chosen, EXPERTS).permute(2, 1, 0)  # (E, 2, S)
        mixed = torch.zeros_like(x)
        for place in (mask.sum((-1, -2)) > 0).nonzero():
            choice, token = torch.where(mask[int(place.item())])
            if token.numel():
                rows = self.experts[f"{place[0]}"](x[token]) * weights[token, choice, None]
                mixed.index_add_(0, token, rows)
        return mixed


class Counted(Experts):
    """Adds to each token for each expert that was given any."""

    def forward(self, x: Tensor) -> Tensor:
        chosen = nn.functional.one_hot(self.router(x).argmax(-1), EXPERTS).sum(0)
        for place in (chosen > 0).nonzero():
            x = x + place
        return x


def tokens(count: int) -> dict[str, Tensor]:
    return {"x": torch.randn(count, WIDTH, generator=torch.Generator().manual_seed(drawn_seed(count)))}


def test_every_expert_is_asked(alike: Alike) -> None:
    alike(Experts(), map(tokens, TOKENS), map(tokens, (2, 30)))


def test_a_turn_of_its_own_effect_is_refused(exported: Export) -> None:
    with pytest.raises(CaptureError, match="the exported graph is not the module"):
        exported(Counted(), map(tokens, TOKENS))
