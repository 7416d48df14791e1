from __future__ import annotations

import math

import torch
from rewritten import Layered, Rewritten, RuleTests
from torch import Tensor, nn

from edgeattn_export.recover.rules.gelu import recover_gelu

ROOT = math.sqrt(2)

FIRES = {
    "as_bert_has_it": lambda x: x * 0.5 * (1.0 + torch.erf(x / ROOT)),
    "the_number_first": lambda x: 0.5 * x * (torch.erf(x * math.sqrt(0.5)) + 1),
    "by_the_distribution": lambda x: x * (0.5 * (1 + torch.erf(x / ROOT))),
    "halved_first": lambda x: x / 2 * (1 + torch.erf(x / ROOT)),
    "halved_last": lambda x: x * (1 + torch.erf(x / ROOT)) / 2,
    "digits_written_out": lambda x: 0.5 * x * (1 + torch.erf(x * 0.70710678)),
    "of_tensors": lambda x: torch.tensor(0.5) * x * (1 + torch.erf(x * torch.tensor(2.0).rsqrt())),
    "gated": lambda x: 0.5 * x * (1 + torch.erf(x / ROOT)) * x.cos(),
    "tripled": lambda x: 3 * (0.5 * x * (1 + torch.erf(x / ROOT))),
    "of_a_product": lambda x: _gelu(x * x.cos()),
    "of_a_scaled_value": lambda x: _gelu(x * 2.0),
}
PLAIN = "is no GELU; 0.5 and 0.707107 expected"
REFUSES = {
    "another_width": (lambda x: 0.5 * x * (1 + torch.erf(x / 2)), f"0.5 * x * (1 + erf(0.5 * x)) {PLAIN}"),
    "another_height": (
        lambda x: 0.25 * x * (1 + torch.erf(x / ROOT)),
        f"0.25 * x * (1 + erf(0.707107 * x)) {PLAIN}",
    ),
}
OTHERS = {
    "erf_alone": torch.erf,
    "standard": nn.functional.gelu,
    "of_two_values": lambda x: 0.5 * x.sin() * (1 + torch.erf(x / ROOT)),
    "two_plus": lambda x: 0.5 * x * (2 + torch.erf(x / ROOT)),
    "its_error_function_shown": lambda x: 0.5 * x * (1 + torch.erf(x / ROOT)) + torch.erf(x / ROOT),
}


def _gelu(x: Tensor) -> Tensor:
    return x * 0.5 * (1.0 + torch.erf(x / ROOT))


class TestGelu(RuleTests):
    rule, part, fires, others, refuses = recover_gelu, Layered, FIRES, OTHERS, REFUSES
    gone = frozenset({"Erf"})

    def test_the_operator_stands_where_it_was_recovered_or_was_before(self, rewritten: Rewritten) -> None:
        having = {part for part in {**FIRES, **OTHERS} if rewritten.after(part).count("Gelu") == 1}
        assert having == {*FIRES, "standard"}
