from __future__ import annotations

from functools import cache

import pytest
import torch
from draws import drawn_seed
from size_dependent import WIDTH, Attention, Both, Loop, Product, Table
from torch import Tensor, nn
from torch.export import ExportedProgram

from edgeattn_export.capture import read_samples
from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.capture.strategies.comparison import export_by_comparison
from edgeattn_export.capture.strategies.request import TraceRequest
from edgeattn_export.graph.axes import infer_axes
from edgeattn_runtime.errors import CaptureError

TOLERANCE = 1e-5
UNSEEN = ((4, 5), (2, 7), (3, 11), (2, 10), (5, 17), (2, 23))  # rows and lengths that no sample has


def _request(module: nn.Module) -> TraceRequest:
    draw = torch.Generator().manual_seed(drawn_seed(0))
    raw = [{"x": torch.randn(*size, WIDTH, generator=draw)} for size in ((1, 6), (2, 13), (3, 8))]
    samples = read_samples(module.eval(), raw)
    return TraceRequest(Reference(module), samples, infer_axes(samples, None), ("output",))


@cache
def _compared(kind: type[Attention]) -> tuple[TraceRequest, ExportedProgram]:
    request = _request(kind())
    return request, export_by_comparison(request)


@pytest.mark.parametrize("kind", [Product, Both, Table])
def test_what_follows_a_size_is_computed_from_it(kind: type[Attention]) -> None:
    request, program = _compared(kind)
    assert request.fixed_axes(request.exported(request.longest))
    assert request.fixed_axes(program) == ()
    answer = program.module()
    for size in UNSEEN:
        x = torch.randn(*size, WIDTH)
        with torch.inference_mode():
            expected: Tensor = request.reference.module(x)
            torch.testing.assert_close(answer(x)[0], expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_modules_keep_their_names() -> None:
    _, program = _compared(Product)
    owners = {
        path for node in program.graph.nodes for path, _ in node.meta.get("nn_module_stack", {}).values()
    }
    assert {"module.qkv", "module.out"} <= owners


class Root(Attention):
    """A number that is no multiple of the size."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * float(x.shape[1]) ** 0.5


@pytest.mark.parametrize(("kind", "code"), [(Loop, "for i in range"), (Root, "float")])
def test_what_follows_in_no_known_way_is_named_by_the_users_line(kind: type[Attention], code: str) -> None:
    with pytest.raises(CaptureError, match=rf" at \w+\.py, line \d+, in \w+ \(.*{code}"):
        export_by_comparison(_request(kind()))
